"""A person is asked into the call: by the caller's wish, or when nothing answers. The agent pauses meanwhile."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from contracts.composition import Composition
from contracts.escalation import CallEscalation, EscalationCause, EscalationRequest
from contracts.events import EscalationNews, EscalationRequested, Event
from contracts.session import SessionSnapshot
from live.delegation import CallFacts
from policy import escalation
from policy.pause import Pause

logger = logging.getLogger("greenroom.live.escalation")

NAME = "ask_for_person"
DESCRIPTION = "Ask a person into this call. Only when the caller wants to speak to a human being instead of you."
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "reason": {"type": "string", "description": "Why the caller wants a person, in one sentence."},
    },
    "additionalProperties": False,
}


class Backstage(Protocol):
    @property
    def away(self) -> bool: ...
    def escalate(self, request: EscalationRequest) -> None: ...


class Escalating:
    """One call's escalations. `speech` gives the conversation so far and the id of the caller's last turn.

    `say` speaks at the next pause; `tell_room` publishes an event to the other agents in the room; `silence` is called
    when a person takes over. Without rules in the composition nobody is asked from here.
    """

    def __init__(
        self,
        facts: CallFacts,
        composition: Composition,
        backstage: Backstage,
        *,
        speech: Callable[[], tuple[str, str]],
        say: Callable[[str], None],
        tell_room: Callable[[Event], None],
        silence: Callable[[], None],
    ) -> None:
        self.pause = Pause(composition.phrases)
        self._facts = facts
        self._composition = composition
        self._backstage = backstage
        self._speech = speech
        self._say = say
        self._tell_room = tell_room
        self._silence = silence
        self._failed_turns = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def offered(self) -> bool:
        """Whether the model is offered `ask_for_person`."""
        return self._composition.escalation is not None

    async def __call__(self, reason: str) -> str:
        """The tool's answer, JSON; what the caller hears of it says `reply`. Waits for nothing."""
        if not self._ask(EscalationCause.CALLER, reason or "The caller wants to speak to a person."):
            return json.dumps({"say": self._composition.phrases.backstage_away})
        return json.dumps({"status": "asked"})

    def reply(self) -> str | None:
        """What the caller's words are answered with while the agent pauses; None: the model answers."""
        return self.pause.reply()

    def answered(self) -> None:
        self._failed_turns = 0

    def failed(self) -> str | None:
        """A turn for which no model had an answer. After some of them a person is asked; then: what is said of it."""
        self._failed_turns += 1
        rules = self._composition.escalation
        if rules is None or self._failed_turns < rules.failures:
            return None
        self._failed_turns = 0
        return self.pause.reply() if self._ask(EscalationCause.FAILURE, "No model answers the caller.") else None

    def tell(self, words: str) -> None:
        """Says this at the next pause, unless a person has taken over."""
        if not self.pause.silent:
            self._say(words)

    def take(self, snapshot: SessionSnapshot) -> None:
        """What earlier agents of this call, or anyone else, asked for."""
        self.pause.restored(snapshot.escalations)
        self._moved()

    def on(self, event: Event) -> None:
        """News from backstage; other events are of no interest here."""
        if isinstance(event.payload, EscalationRequested | EscalationNews):
            self._tell_room(event)
            self._news(event.payload.escalation)

    def _ask(self, cause: EscalationCause, reason: str) -> bool:
        """Whether somebody hears of it soon. If not, nobody is waited for; it is sent when it can be."""
        conversation, turn_id = self._speech()
        now = datetime.now(UTC)
        request = escalation.request(
            self._composition,
            cause,
            now,
            session_id=self._facts.session_id,
            subject_id=self._facts.subject_id,
            occasion=f"{cause.value} {turn_id}",
            reason=reason,
            summary=conversation,
        )
        logger.info("a person is asked", extra={"escalation": request.escalation_id, "cause": cause.value})
        away = self._backstage.away
        self._backstage.escalate(request)
        if not away:
            patience = timedelta(seconds=request.rules.ladder[-1].after_seconds)
            self.pause.asked(request.escalation_id, now + patience)
            self._moved()
        return not away

    def _news(self, told: CallEscalation) -> None:
        words = self.pause.news(told)
        logger.info("escalation", extra={"escalation": told.escalation_id, "stage": told.stage.value})
        if words is not None:
            self._say(words)
        self._moved()

    def _moved(self) -> None:
        """Silent for good once a person took over; else the wait has an end of its own, whatever is heard of it."""
        if self._timer is not None:
            self._timer.cancel()
        if self.pause.silent:
            self._silence()
        elif (until := self.pause.until) is not None:
            seconds = (until - datetime.now(UTC)).total_seconds()
            self._timer = asyncio.get_running_loop().call_later(max(seconds, 0.0), self._lapse)

    def _lapse(self) -> None:
        words = self.pause.lapsed(datetime.now(UTC))
        if words is not None:
            logger.warning("no end was heard of an escalation: going on without")
            self._say(words)
        self._moved()
