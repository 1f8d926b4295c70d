"""While a person is asked into a call: whether the agent may answer, what it says instead, and when it goes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.escalation import CallEscalation, EscalationStage
from contracts.phrases import Phrases
from policy import escalation

SLACK = timedelta(seconds=10)
"""How long after its deadline an escalation of which no end was heard still holds the agent."""


@dataclass
class Pause:
    """The caller's words get one honest sentence, then silence until there is news. No wait is for ever."""

    phrases: Phrases
    _known: dict[str, CallEscalation] = field(default_factory=dict)
    _until: dict[str, datetime] = field(default_factory=dict)
    _sentences: list[str] = field(default_factory=list)
    """What the caller's next words are answered with."""

    @property
    def held(self) -> bool:
        """Whether the agent may not answer."""
        return bool(self._until) or self.silent

    @property
    def silent(self) -> bool:
        """Whether a person took over: the agent says nothing at all."""
        return any(e.stage is EscalationStage.TAKEN_OVER for e in self._known.values())

    @property
    def until(self) -> datetime | None:
        """When `lapsed` is to be asked; None when nothing is waited for."""
        return None if self.silent else min(self._until.values(), default=None)

    def asked(self, escalation_id: str, deadline: datetime) -> None:
        """This agent asks for a person, in answer to the caller's words: they are told so in that answer."""
        if escalation_id not in self._known and escalation_id not in self._until:
            self._until[escalation_id] = deadline + SLACK
            self._sentences = [self.phrases.person_called, self.phrases.on_hold]

    def news(self, told: CallEscalation) -> str | None:
        """What is to be said now. News that is older than what is known says nothing."""
        known = self._known.get(told.escalation_id)
        if known is not None and known.revision >= told.revision:
            return None
        mine = known is None and told.escalation_id in self._until
        silent = self.silent
        self._keep(told)
        if silent or (mine and told.stage is EscalationStage.OPEN and told.rung is None):
            return None  # nobody listens to an agent any more; or it was said already
        self._sentences = [self.phrases.on_hold] if self._until else []
        return escalation.words(told, self.phrases)

    def restored(self, escalations: Iterable[CallEscalation]) -> None:
        """What an earlier agent of this call knew: the caller was told of it."""
        for told in escalations:
            known = self._known.get(told.escalation_id)
            if known is None or known.revision < told.revision:
                self._keep(told)
        self._sentences = [self.phrases.on_hold] if self._until else []

    def reply(self) -> str | None:
        """The answer to the caller's words: None is for the model, empty is silence."""
        if not self.held:
            return None
        return self._sentences.pop(0) if self._sentences and not self.silent else ""

    def lapsed(self, now: datetime) -> str | None:
        """What is to be said when a wait has run out of which no end was heard; None if there is none, or another."""
        gone = [name for name, until in self._until.items() if until <= now]
        for name in gone:
            del self._until[name]
        return self.phrases.nobody_came if gone and not self.held else None

    def _keep(self, told: CallEscalation) -> None:
        self._known[told.escalation_id] = told
        if told.stage is EscalationStage.OPEN:
            self._until[told.escalation_id] = told.deadline + SLACK
        else:
            self._until.pop(told.escalation_id, None)
