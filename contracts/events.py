"""One envelope for what agents and backstage tell each other."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from contracts.approval import OpenApproval
from contracts.base import Content, Contract, Moment
from contracts.delivery import Offer
from contracts.escalation import CallEscalation
from contracts.task import TaskState


class TaskNews(Contract):
    """A task moved on."""

    type: Literal["task.news"] = "task.news"
    state: TaskState


class ApprovalNews(Contract):
    """An effect waits for a person's decision, or no longer."""

    type: Literal["approval.news"] = "approval.news"
    approval: OpenApproval


class DeliveryOffered(Contract):
    """Something to say at the next pause."""

    type: Literal["delivery.offered"] = "delivery.offered"
    offer: Offer


class DeliveryWithdrawn(Contract):
    """No longer to be said: replaced, or heard another way."""

    type: Literal["delivery.withdrawn"] = "delivery.withdrawn"
    delivery_id: str


class RoleSuperseded(Contract):
    """A newer agent of this role is in charge; one with a lower epoch falls silent and leaves."""

    type: Literal["role.superseded"] = "role.superseded"
    role: str
    epoch: int


class EscalationRequested(Contract):
    """A person is asked into the call: every agent that speaks to the caller pauses."""

    type: Literal["escalation.request"] = "escalation.request"
    escalation: CallEscalation


class EscalationNews(Contract):
    """Someone else was asked, or it has ended."""

    type: Literal["escalation.news"] = "escalation.news"
    escalation: CallEscalation


class ContextChanged(Contract):
    """What a model is told of the time before the recent turns. `turn_ids` went into `summary` and need no repeating.

    None: as it was.
    """

    type: Literal["context.changed"] = "context.changed"
    summary: Content | None = None
    turn_ids: tuple[str, ...] = ()
    last_call: Content | None = None


class SessionEnding(Contract):
    type: Literal["session.ending"] = "session.ending"
    reason: str


EventPayload = Annotated[
    TaskNews
    | ApprovalNews
    | DeliveryOffered
    | DeliveryWithdrawn
    | RoleSuperseded
    | EscalationRequested
    | EscalationNews
    | ContextChanged
    | SessionEnding,
    Field(discriminator="type"),
]


class Event(Contract):
    """The envelope. `sequence` rises per sender; `event_id` is what consumers dedupe on."""

    event_id: str
    session_id: str
    role: str
    sequence: int
    at: Moment
    payload: EventPayload
