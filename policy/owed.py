"""One delivery on its way: owed, offered, played, and in the end heard, dropped or expired. Pure changes of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from contracts.base import Content, Contract, Moment
from contracts.delivery import (
    Delivery,
    DeliveryOutcome,
    DeliveryReport,
    DeliveryState,
    DeliveryView,
    Offer,
    WebhookState,
)
from contracts.question import AnswerAwaited
from policy.resuming import remainder

FIRST_PAUSE = 2.0
LONGEST_PAUSE = 120.0
"""Seconds until a delivery whose speech failed is offered again: doubled with every failure in a row."""


class Entry(Contract):
    """One delivery. `attempts` counts offers; `session_id` is where it was last offered; `revision` counts changes.

    `rest`: what was not said of it when it was broken off in that session. `failures`: how often in a row no speech
    could be made of it, so that it is not offered `not_before` a pause. `post_at`: when it goes to the webhook.
    """

    delivery: Delivery
    state: DeliveryState = DeliveryState.OWED
    attempts: int = 0
    session_id: str | None = None
    revision: int = 1
    reason: str | None = None
    rest: Content | None = None
    failures: int = 0
    not_before: Moment | None = None
    post_at: Moment | None = None
    webhook: WebhookState | None = None

    def waits(self, now: datetime) -> bool:
        """Whether it is owed and may be offered now."""
        return self.state is DeliveryState.OWED and (self.not_before is None or self.not_before <= now)

    def expired(self, now: datetime) -> bool:
        """Only what is owed expires: what is being said, or was played, has found its person."""
        until = self.delivery.expires_at
        return self.state is DeliveryState.OWED and until is not None and until <= now


def moved(entry: Entry, to: DeliveryState, *, reason: str | None = None) -> Entry:
    return entry.model_copy(update={"state": to, "revision": entry.revision + 1, "reason": reason})


def after_call(entry: Entry, *, vanished: bool) -> Entry:
    """The session that was asked to say it is over. What was played to one who vanished is owed again, as a whole."""
    if entry.state is DeliveryState.PLAYED and not vanished:
        return moved(entry, DeliveryState.HEARD)
    if entry.delivery.ephemeral:
        return moved(entry, DeliveryState.DROPPED, reason="the call is over")
    owed = moved(entry, DeliveryState.OWED, reason="the call is over")
    return owed.model_copy(update={"session_id": None, "rest": None})


def after_report(entry: Entry, report: DeliveryReport, now: datetime) -> Entry:
    """The live agent's word on an offer. Of an offer that no longer stands only `heard` counts: that is final."""
    if report.outcome is DeliveryOutcome.HEARD:
        return moved(entry, DeliveryState.HEARD).model_copy(update={"session_id": report.session_id})
    current = entry.state is DeliveryState.OFFERED and entry.attempts == report.attempt
    if not current or entry.session_id != report.session_id:
        # Such as a late `played` of a call that was lost since: the delivery is owed again, or asked of another call.
        return entry
    if report.outcome is DeliveryOutcome.PLAYED:
        return moved(entry, DeliveryState.PLAYED)
    if entry.delivery.ephemeral:
        return moved(entry, DeliveryState.DROPPED, reason=report.outcome.value)
    if report.outcome is DeliveryOutcome.INTERRUPTED:
        spoken = report.spoken.body if report.spoken is not None else ""
        again = moved(entry, DeliveryState.OWED, reason="interrupted")
        return again.model_copy(update={"rest": _rest(entry, spoken), "failures": 0, "not_before": None})
    pause = min(FIRST_PAUSE * 2 ** min(entry.failures, 16), LONGEST_PAUSE)
    failed = moved(entry, DeliveryState.OWED, reason=f"failed: {report.reason}" if report.reason else "failed")
    return failed.model_copy(update={"failures": entry.failures + 1, "not_before": now + timedelta(seconds=pause)})


def awaited(before: Entry, after: Entry, report: DeliveryReport) -> AnswerAwaited | None:
    """The question that was said to the end with that report, so that its answer is awaited from now on."""
    said = (DeliveryState.PLAYED, DeliveryState.HEARD)
    question = after.delivery.question
    if question is None or after.state not in said or before.state in said:
        return None
    return AnswerAwaited(question=question, since=report.at)


def fresh(entry: Entry) -> Entry:
    """In another call its speech may succeed at once."""
    return entry.model_copy(update={"failures": 0, "not_before": None})


def offered(entry: Entry, session_id: str) -> Entry:
    return moved(entry, DeliveryState.OFFERED).model_copy(
        update={
            "attempts": entry.attempts + 1,
            "session_id": session_id,
            "post_at": None,
            "rest": entry.rest if entry.session_id == session_id else None,
        }
    )


def offer(entry: Entry) -> Offer:
    """The offer of an entry that is offered."""
    d = entry.delivery
    return Offer(
        delivery_id=d.delivery_id,
        attempt=entry.attempts,
        session_id=entry.session_id or "",
        task_id=d.task_id,
        topic=d.topic,
        speech=entry.rest or d.speech,
        ephemeral=d.ephemeral,
        carried=d.session_id != entry.session_id,
        resumed=entry.rest is not None,
        asks=d.question is not None,
    )


def view(entry: Entry) -> DeliveryView:
    return DeliveryView(
        delivery=entry.delivery,
        state=entry.state,
        attempts=entry.attempts,
        session_id=entry.session_id,
        reason=entry.reason,
        webhook=entry.webhook,
    )


def _rest(entry: Entry, spoken: str) -> Content | None:
    said = entry.rest or entry.delivery.speech
    left = remainder(said.body, spoken)
    return said.model_copy(update={"body": left}) if left != entry.delivery.speech.body.strip() else None
