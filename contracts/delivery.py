"""A delivery is something owed to a person until it was heard to the end."""

from __future__ import annotations

from enum import StrEnum

from contracts.base import Content, Contract, Moment


class Delivery(Contract):
    """What a task sends to its subject's inbox.

    A delivery with `ephemeral` is news of the moment ("a colleague is checking"): it is offered once in the call and
    replaced by a later one with the same `topic`, never carried to another call.
    """

    delivery_id: str
    subject_id: str
    session_id: str
    task_id: str
    topic: str
    speech: Content
    created_at: Moment
    ephemeral: bool = False


class DeliveryState(StrEnum):
    OWED = "owed"
    OFFERED = "offered"
    PLAYED = "played"
    """Played to the end; final only after the caller's next sign of life."""
    HEARD = "heard"
    DROPPED = "dropped"

    @property
    def final(self) -> bool:
        return self in (DeliveryState.HEARD, DeliveryState.DROPPED)


class Offer(Contract):
    """One attempt to say a delivery in a session. `carried` marks one from an earlier call."""

    delivery_id: str
    attempt: int
    session_id: str
    task_id: str
    topic: str
    speech: Content
    ephemeral: bool = False
    carried: bool = False


class DeliveryOutcome(StrEnum):
    PLAYED = "played"
    HEARD = "heard"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class DeliveryReport(Contract):
    """The live agent's word on one offer."""

    delivery_id: str
    attempt: int
    session_id: str
    outcome: DeliveryOutcome
    at: Moment


class Presence(Contract):
    """A session tells the inbox that its caller can be spoken to (`epoch` of the voice agent), or no longer can."""

    session_id: str
    subject_id: str
    present: bool
    epoch: int
    vanished: bool = False


class InboxStart(Contract):
    """Input of an inbox workflow."""

    subject_id: str


class DeliveryView(Contract):
    delivery: Delivery
    state: DeliveryState
    attempts: int
    session_id: str | None = None
