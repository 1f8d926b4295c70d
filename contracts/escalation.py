"""An escalation asks a person into a call: the agent pauses, goes on with what the person knows, or falls silent."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from contracts import review
from contracts.base import Content, Contract, Moment
from contracts.ladder import Rung
from contracts.review import ReviewRules, ReviewView


class EscalationRules(ReviewRules):
    """How a call gets a person. The only fallback there is: the agent goes on (`go_on`).

    `failures`: after so many turns in a row for which no model answered, a person is asked.
    """

    failures: int = Field(default=2, ge=1)


class EscalationCause(StrEnum):
    CALLER = "caller"
    """The caller asks for a person."""
    FAILURE = "failure"
    """Everything that could answer the caller failed."""
    APPROVAL = "approval"
    """Nobody decided about an action in time."""
    MODERATION = "moderation"


class EscalationStage(StrEnum):
    OPEN = review.OPEN
    RESUMED = "resumed"
    """The agent goes on, with what the reviewer told it."""
    TAKEN_OVER = "taken_over"
    """A person speaks to the caller; the agent stays silent."""
    EXPIRED = review.EXPIRED
    """Nobody came: the agent goes on alone."""


class EscalationVerdict(StrEnum):
    RESUME = "resume"
    TAKE_OVER = "take_over"

    @property
    def stage(self) -> EscalationStage:
        return EscalationStage.RESUMED if self is EscalationVerdict.RESUME else EscalationStage.TAKEN_OVER


class EscalationRequest(Contract):
    """Input of an escalation workflow. `reason`, `summary` and `recommended` are written for the person who comes."""

    escalation_id: str
    session_id: str
    subject_id: str
    composition: str
    cause: EscalationCause
    reason: Content
    summary: Content
    recommended: Content
    rules: EscalationRules
    requested_at: Moment


class CallEscalation(Contract):
    """An escalation as the call keeps it. `note`: what the reviewer told the agent. `revision` rises."""

    escalation_id: str
    cause: EscalationCause
    stage: EscalationStage
    revision: int
    deadline: Moment
    reason: Content
    summary: Content
    recommended: Content
    note: Content | None = None
    rung: Rung | None = None
    """What was reached last while nobody decided."""


class EscalationView(Contract):
    """Answer of the escalation workflow's query."""

    request: EscalationRequest
    review: ReviewView
