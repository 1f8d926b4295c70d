"""A delivery is something owed to a person until it was heard to the end."""

from __future__ import annotations

from enum import StrEnum

from contracts.base import Content, Contract, Moment
from contracts.question import Question


class Delivery(Contract):
    """What a task sends to its subject's inbox.

    A delivery with `ephemeral` is news of the moment ("a colleague is checking"): it is offered once in the call and
    replaced by a later one with the same `topic`, never carried to another call. One with a `question` waits for its
    answer once it was said.

    `expires_at`: when it is no longer worth saying. `webhook_after`: how many seconds after the call, undelivered
    still, it goes to the composition's webhook; None: it does not. Whoever puts it into the inbox fills both in from
    the composition.
    """

    delivery_id: str
    subject_id: str
    session_id: str
    task_id: str
    topic: str
    speech: Content
    created_at: Moment
    ephemeral: bool = False
    composition: str | None = None
    expires_at: Moment | None = None
    webhook_after: float | None = None
    question: Question | None = None


class DeliveryState(StrEnum):
    OWED = "owed"
    OFFERED = "offered"
    PLAYED = "played"
    """Played to the end; final only after the caller's next sign of life."""
    HEARD = "heard"
    DROPPED = "dropped"
    """News of the moment that was replaced, or that nobody was there to hear."""
    EXPIRED = "expired"
    """Nobody heard it while it was worth saying."""

    @property
    def final(self) -> bool:
        return self in (DeliveryState.HEARD, DeliveryState.DROPPED, DeliveryState.EXPIRED)


class WebhookState(StrEnum):
    """What became of a delivery's way to the composition's webhook. The person is owed it all the same."""

    PENDING = "pending"
    SENT = "sent"
    REFUSED = "refused"
    """It answered that it will never take this."""
    GIVEN_UP = "given_up"
    """It took nothing for as long as was tried."""


class Offer(Contract):
    """One attempt to say a delivery in a session. `carried` marks one from an earlier call, `asks` a question.

    `resumed`: it was broken off before, and `speech` is what was not said of it then.
    """

    delivery_id: str
    attempt: int
    session_id: str
    task_id: str
    topic: str
    speech: Content
    ephemeral: bool = False
    carried: bool = False
    resumed: bool = False
    asks: bool = False


class DeliveryOutcome(StrEnum):
    PLAYED = "played"
    HEARD = "heard"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


class DeliveryReport(Contract):
    """The live agent's word on one offer. `spoken`: what was said of one that was interrupted; `reason`: why it
    failed, in a word."""

    delivery_id: str
    attempt: int
    session_id: str
    outcome: DeliveryOutcome
    at: Moment
    spoken: Content | None = None
    reason: str | None = None


class Presence(Contract):
    """A session tells the inbox that its caller can be spoken to (`epoch` of the voice agent), or no longer can."""

    session_id: str
    subject_id: str
    present: bool
    epoch: int
    vanished: bool = False


class DeliveryPosted(Contract):
    """What became of a delivery at the webhook. `status`: its last answer, None if it gave none."""

    delivery_id: str
    state: WebhookState
    status: int | None = None


class WebhookStart(Contract):
    """Input of a webhook workflow."""

    delivery: Delivery


class InboxStart(Contract):
    """Input of an inbox workflow."""

    subject_id: str


class DeliveryView(Contract):
    delivery: Delivery
    state: DeliveryState
    attempts: int
    session_id: str | None = None
    reason: str | None = None
    webhook: WebhookState | None = None
