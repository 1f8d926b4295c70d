"""What the voice agent's model sees: the call's context ledger, kept up to date, and the recent turns."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from livekit.agents import llm

from contracts.approval import ApprovalStage
from contracts.base import Content
from contracts.composition import Limits
from contracts.context import ContextItem, ContextKind, RenderedContext, Trust
from contracts.escalation import CallEscalation, EscalationStage
from contracts.events import ContextChanged
from contracts.session import SessionSnapshot
from contracts.task import TaskStage, TaskState
from contracts.tools import DataClass
from live.turns import instructs, leading_instructions, lines
from policy.context import ContextLedger, Rendering
from policy.rolling import PATIENCE

_STAGES = {
    TaskStage.PLANNING: "being prepared",
    TaskStage.RUNNING: "being worked on",
    TaskStage.WAITING_APPROVAL: "waiting for a colleague's decision",
    TaskStage.WAITING: "waiting for its time",
    TaskStage.SUSPENDED: "on hold",
    TaskStage.NEEDS_PERSON: "with a colleague",
    TaskStage.DONE: "done",
    TaskStage.DECLINED: "declined",
    TaskStage.FAILED: "failed",
    TaskStage.CANCELLED: "cancelled",
}
_FINISHED_KEPT = 4
_FOR_BACKSTAGE = (ContextKind.SUMMARY, ContextKind.FACT, ContextKind.DOCUMENT, ContextKind.OBSERVATION)


class CallContext:
    """Rendered anew for every model call, so nothing stale is sent. `rendered` is what the last one was told, and
    `render_seconds` how long it took.

    Its clock is the agent's: `now` is asked whenever something is learned or told.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        clearance: Collection[DataClass] | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.ledger = ContextLedger()
        self.rendered: RenderedContext | None = None
        self.render_seconds = 0.0
        self._limits = limits or Limits()
        self._clearance = clearance
        self._now = now
        self._open: set[str] = set()
        self._waiting: dict[str, list[str]] = {}
        self._finished: deque[str] = deque()

    def put(self, *items: ContextItem) -> None:
        self.ledger = self.ledger.forget(self._now()).put(*items)

    def take(self, snapshot: SessionSnapshot) -> None:
        self.context_changed(ContextChanged(summary=snapshot.summary, last_call=snapshot.last_call))
        for approval in snapshot.approvals:
            if approval.stage is ApprovalStage.PENDING:
                words = f"Waiting for a colleague's decision: {approval.tool.replace('_', ' ')}."
                # The state of its task tells the same, and goes on telling it.
                item_id = f"approval/{approval.approval_id}"
                self._waiting.setdefault(approval.task_id, []).append(item_id)
                self._own(item_id, ContextKind.APPROVAL, words, until=approval.deadline)
        for state in snapshot.tasks:
            self.task_changed(state)
        for escalation in snapshot.escalations:
            self.escalation_changed(escalation)

    def escalation_changed(self, escalation: CallEscalation) -> None:
        """What came of asking a person into the call."""
        words = ""
        if escalation.stage is EscalationStage.RESUMED and escalation.note is not None:
            words = f'A colleague looked at this call and tells you: "{escalation.note.body}"'
        elif escalation.stage is EscalationStage.EXPIRED:
            words = "A colleague was asked into this call, but none was free."
        if words:
            item_id = f"escalation/{escalation.escalation_id}"
            self._own(item_id, ContextKind.PERSON, words, revision=escalation.revision)

    def context_changed(self, news: ContextChanged) -> None:
        for item_id, kind, told, stands_for in (
            ("summary", ContextKind.SUMMARY, news.summary, news.turn_ids),
            ("last-call", ContextKind.LAST_CALL, news.last_call, ()),
        ):
            if told is not None:
                item = ContextItem(
                    item_id=item_id,
                    kind=kind,
                    source="the summarizer",
                    text=told,
                    observed_at=self._now(),
                    trust=Trust.PERSON,
                    supersedes=stands_for,
                )
                self.put(item)

    def task_changed(self, state: TaskState) -> None:
        """Of finished requests only the last few are told."""
        item_id = f"task/{state.task_id}"
        before = self.ledger.get(item_id)
        if self.ledger.superseded(item_id) or (before is not None and before.revision >= state.revision):
            return
        stands_for = self._waiting.pop(state.task_id, [])
        if not state.stage.final:
            self._open.add(state.task_id)
        else:
            self._open.discard(state.task_id)
            self._finished.append(item_id)
            if len(self._finished) > _FINISHED_KEPT:
                stands_for.append(self._finished.popleft())
        self._own(item_id, ContextKind.REQUEST, _line(state), revision=state.revision, supersedes=tuple(stands_for))

    @property
    def work_is_open(self) -> bool:
        """Whether the caller waits for what was delegated."""
        return bool(self._open)

    def request(self, chat: llm.ChatContext, rule: str = "") -> llm.ChatContext:
        """What the model is sent: instructions, the block of what is known, and the recent turns with their tools.

        What the caller said last is always in it. `rule`: an instruction for this reply.
        """
        began = time.perf_counter()
        items, start = chat.items, self._start(chat.items)
        rendering = self._render(items[start:])
        self.rendered = rendering.record
        told = set(rendering.record.included)
        needed = [n for n in range(start, len(items)) if items[n].id in told][:1]
        needed += [n for n in range(start, len(items)) if _asks(items[n])][-1:]
        first = min(needed, default=start)
        request = llm.ChatContext([item for n, item in enumerate(items) if n >= first or instructs(item)])
        block = "\n".join(filter(None, (rendering.text, rule)))
        if block:
            at = leading_instructions(request)
            request.items.insert(at, llm.ChatMessage(role="system", content=[block]))
        self.render_seconds = time.perf_counter() - began
        return request

    def take_rendered(self) -> RenderedContext | None:
        """What the model was told since this was last asked, if it was asked anything."""
        rendered, self.rendered = self.rendered, None
        return rendered

    def speech(self, items: Sequence[llm.ChatItem]) -> str:
        """The recent speech alone, one line a turn, newest last."""
        return self._render(items[self._start(items) :]).speech

    def earlier(self) -> str:
        """What was said before the recent speech, in one line; empty when nothing was."""
        summary = self.ledger.get("summary")
        return f"Earlier in this call: {' '.join(summary.text.body.split())}" if summary is not None else ""

    def for_backstage(self) -> tuple[ContextItem, ...]:
        """What goes along with a delegated task, beside the speech. Each role is told what it is cleared for."""
        return tuple(item for item in self.ledger.forget(self._now()).items if item.kind in _FOR_BACKSTAGE)

    def _start(self, items: Sequence[llm.ChatItem]) -> int:
        """Where the conversation begins that no summary stands for; bounded if nobody sums up."""
        last = max((n for n, item in enumerate(items) if self.ledger.superseded(item.id)), default=-1)
        turns = [n for n in range(last + 1, len(items)) if isinstance(items[n], llm.ChatMessage)]
        most = PATIENCE * self._limits.recent_turns
        return turns[-most] if len(turns) > most else last + 1

    def _render(self, recent: Sequence[llm.ChatItem]) -> Rendering:
        spoken = [
            ContextItem(
                item_id=item.id,
                kind=ContextKind.SPEECH,
                source=item.role,
                text=Content(subject_id="", body=line),
                observed_at=datetime.fromtimestamp(item.created_at, UTC),
                trust=Trust.PERSON,
            )
            for item, line in lines(recent)
        ]
        return self.ledger.put(*spoken).render(
            now=self._now(), budget=self._limits.prompt_tokens, clearance=self._clearance
        )

    def _own(
        self,
        item_id: str,
        kind: ContextKind,
        words: str,
        *,
        revision: int = 0,
        until: datetime | None = None,
        supersedes: tuple[str, ...] = (),
    ) -> None:
        item = ContextItem(
            item_id=item_id,
            kind=kind,
            source="greenroom",
            text=Content(subject_id="", body=words),
            observed_at=self._now(),
            expires_at=until,
            trust=Trust.OWN,
            revision=revision,
            supersedes=supersedes,
        )
        self.put(item)


def _asks(item: llm.ChatItem) -> bool:
    return isinstance(item, llm.ChatMessage) and item.role == "user"


def _line(state: TaskState) -> str:
    goal = f'"{state.goal.body}"' if state.goal is not None else "a request"
    sentence = f" {state.sentence.body}" if state.sentence is not None else ""
    return f"Request {goal} is {_STAGES[state.stage]}.{sentence}"
