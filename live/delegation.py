"""`delegate`: gives work to backstage. Read back first where an effect cannot be undone; started beside the speech."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from contracts.base import Content
from contracts.composition import Composition
from contracts.context import ContextItem, Trust
from contracts.taint import Influence
from contracts.task import TaskRequest
from contracts.tools import Effect, ToolCall, ToolDeclaration, ToolOutcome, ToolSpec
from live.bridge import DelegateReceipt
from policy import taint
from policy.authority import tools_of
from policy.readback import ReadBack
from policy.taint import Seen

logger = logging.getLogger("greenroom.live.delegation")

NAME = "delegate"
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "goal": {
            "type": "string",
            "description": "What the caller wants done, in one sentence with all numbers and names that matter.",
        },
        "confirmed": {
            "type": "boolean",
            "description": "True only after the goal was read back to the caller and the caller said yes.",
            "default": False,
        },
    },
    "required": ["goal"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class CallFacts:
    session_id: str
    subject_id: str
    epoch: int
    role: str


class Backstage(Protocol):
    @property
    def away(self) -> bool: ...
    async def delegate(self, request: TaskRequest, accept_seconds: float) -> DelegateReceipt: ...


class Delegation:
    """One call's delegations. `speech` gives the conversation so far and the id of the caller's last turn.

    `context`: what else is known and goes along. `started` is told the id and the goal of each task as it is passed
    on.
    """

    def __init__(
        self,
        facts: CallFacts,
        composition: Composition,
        backstage: Backstage,
        read_back: ReadBack,
        *,
        speech: Callable[[], tuple[str, str]],
        context: Callable[[], tuple[ContextItem, ...]] = tuple,
        say: Callable[[str], None],
        started: Callable[[str, str], None],
        accept_seconds: float,
    ) -> None:
        self._facts = facts
        self._composition = composition
        self._backstage = backstage
        self._read_back = read_back
        self._speech = speech
        self._context = context
        self._say = say
        self._started = started
        self._accept_seconds = accept_seconds
        self._seen = Seen()
        self._starting: set[asyncio.Task[None]] = set()

    def has_read(self, tool: ToolDeclaration, call: ToolCall, outcome: ToolOutcome) -> None:
        """The agent's model has read that result: what it delegates from now on may come from text in it."""
        self._seen = taint.told(self._seen, tool, call, outcome)

    async def __call__(self, goal: str, confirmed: bool) -> str:
        """The tool's answer, JSON. Waits for nothing."""
        phrases = self._composition.phrases
        if must_confirm(self._composition):
            if self._read_back.waiting is not None and self._read_back.declined:
                self._read_back.done()
                if confirmed:
                    return json.dumps({"say": phrases.not_confirmed})
            if not (confirmed and self._read_back.honours(goal)):
                self._read_back.asked(goal)
                question = phrases.confirm.format(goal=goal.rstrip(" ."))
                call = {"tool": NAME, "arguments": {"goal": goal, "confirmed": True}, "question": question}
                return json.dumps({"needs_confirmation": call})
        self._read_back.done()
        request = self._request(goal)
        task = asyncio.create_task(self._start(request), name=f"delegate {request.task_id}")
        self._starting.add(task)
        self._started(request.task_id, goal)
        task.add_done_callback(self._starting.discard)
        away = self._backstage.away
        return json.dumps({"say": phrases.backstage_away if away else phrases.acknowledge, "task": request.task_id})

    def _request(self, goal: str) -> TaskRequest:
        conversation, turn_id = self._speech()
        subject, known = self._facts.subject_id, self._context()
        return TaskRequest(
            task_id=task_id(self._facts.session_id, turn_id, goal),
            session_id=self._facts.session_id,
            subject_id=subject,
            composition=self._composition.id,
            goal=Content(subject_id=subject, body=goal),
            conversation=Content(subject_id=subject, body=conversation),
            context=known,
            requested_at=datetime.now(UTC),
            influences=taint.merged((*self._seen.influences, *_influences(known))),
        )

    async def _start(self, request: TaskRequest) -> None:
        told = self._backstage.away
        try:
            receipt = await self._backstage.delegate(request, self._accept_seconds)
        except OSError:
            logger.exception("task neither started nor spooled", extra={"task": request.task_id})
            self._say(self._composition.phrases.failed)
            return
        logger.info("delegated", extra={"task": request.task_id, "receipt": receipt.value})
        if receipt is DelegateReceipt.SPOOLED and not told:
            self._say(self._composition.phrases.backstage_away)
        elif receipt is DelegateReceipt.REFUSED:
            self._say(self._composition.phrases.failed)


def _influences(known: Iterable[ContextItem]) -> Iterator[Influence]:
    """The untrusted text that the model may have read before it delegated: it may have moved the goal itself."""
    return (taint.influence(item) for item in known if item.trust is Trust.UNTRUSTED)


def task_id(session_id: str, turn_id: str, goal: str) -> str:
    """The same for the same wish in the same turn: an agent that answers a turn again starts no second task."""
    digest = hashlib.sha256(f"{session_id}\n{turn_id}\n{goal.strip().lower()}".encode()).hexdigest()
    return f"task-{digest[:12]}"


def must_confirm(composition: Composition) -> bool:
    """Whether some backstage role could do what cannot be undone."""
    return any(
        tool.effect is Effect.IRREVERSIBLE
        for role in composition.backstage_roles()
        for tool in tools_of(composition, role.name)
    )


def description(composition: Composition, specs: Sequence[ToolSpec]) -> str:
    """What may be delegated, from the descriptions of the backstage tools that have an effect."""
    described = {spec.name: spec.description for spec in specs}
    effects = {
        tool.name: described.get(tool.name) or tool.say or tool.name.replace("_", " ")
        for role in composition.backstage_roles()
        for tool in tools_of(composition, role.name)
        if tool.effect is not Effect.NONE
    }
    listed = " ".join(f"{text.strip().rstrip('.')}." for text in effects.values())
    return f"Start work that changes something or takes time, backstage: {listed}".strip()
