"""What is owed to one person, across calls.

The one invariant: a delivery is either final (heard, or dropped for a stated reason), or it is owed, or exactly one
session was asked to say it.
"""

from __future__ import annotations

from pydantic import Field

from contracts.base import Contract
from contracts.delivery import (
    Delivery,
    DeliveryOutcome,
    DeliveryReport,
    DeliveryState,
    Offer,
    Presence,
)

KEPT_FINAL = 50
"""How many final deliveries are remembered, to recognise one that is sent twice."""


class Entry(Contract):
    """One delivery. `attempts` counts offers; `session_id` is where it was last offered; `revision` counts changes."""

    delivery: Delivery
    state: DeliveryState = DeliveryState.OWED
    attempts: int = 0
    session_id: str | None = None
    revision: int = 1


class InboxState(Contract):
    """`present` lists sessions whose caller can be spoken to, newest last."""

    subject_id: str
    entries: tuple[Entry, ...] = ()
    present: tuple[str, ...] = ()

    @property
    def owes(self) -> bool:
        return any(not e.state.final for e in self.entries)


class OfferTo(Contract):
    offer: Offer


class WithdrawFrom(Contract):
    session_id: str
    delivery_id: str


class Step(Contract):
    """A new state and what has to be done about it. `changed` entries go to the records."""

    state: InboxState
    offers: tuple[Offer, ...] = ()
    withdrawals: tuple[WithdrawFrom, ...] = ()
    changed: tuple[Entry, ...] = Field(default=())


def delivered(state: InboxState, delivery: Delivery) -> Step:
    """A delivery arrives. Sent twice, it counts once; news of the moment replaces unsaid news of the same topic."""
    if any(e.delivery.delivery_id == delivery.delivery_id for e in state.entries):
        return Step(state=state)
    changed: list[Entry] = []
    withdrawals: list[WithdrawFrom] = []
    entries: list[Entry] = []
    for entry in state.entries:
        unsaid = entry.state in (DeliveryState.OWED, DeliveryState.OFFERED)
        replaced = entry.delivery.ephemeral and entry.delivery.topic == delivery.topic and unsaid
        if replaced:
            if entry.session_id is not None:
                withdrawals.append(WithdrawFrom(session_id=entry.session_id, delivery_id=entry.delivery.delivery_id))
            entry = _moved(entry, DeliveryState.DROPPED)
            changed.append(entry)
        entries.append(entry)
    entry = Entry(delivery=delivery)
    entries.append(entry)
    step = _offer_owed(state.model_copy(update={"entries": tuple(entries)}))
    seen = {e.delivery.delivery_id for e in step.changed}
    if delivery.delivery_id not in seen:
        changed.append(entry)
    return step.model_copy(
        update={"withdrawals": (*withdrawals, *step.withdrawals), "changed": (*changed, *step.changed)}
    )


def presence(state: InboxState, news: Presence) -> Step:
    """A session's caller can be spoken to, or no longer can. What was played to one who vanished is owed again.

    Whatever a session that was left had been asked to say is withdrawn from it, since another one may be asked now.
    """
    others = tuple(s for s in state.present if s != news.session_id)
    if news.present:
        return _offer_owed(state.model_copy(update={"present": (*others, news.session_id)}))
    changed: list[Entry] = []
    withdrawals: list[WithdrawFrom] = []
    entries: list[Entry] = []
    for entry in state.entries:
        if entry.session_id == news.session_id and not entry.state.final:
            withdrawals.append(WithdrawFrom(session_id=news.session_id, delivery_id=entry.delivery.delivery_id))
            entry = _after_call(entry, vanished=news.vanished)
            changed.append(entry)
        elif _stale_news(entry, news.session_id):
            entry = _moved(entry, DeliveryState.DROPPED)
            changed.append(entry)
        entries.append(entry)
    step = _offer_owed(state.model_copy(update={"present": others, "entries": _remembered(entries)}))
    offered = {e.delivery.delivery_id for e in step.changed}
    kept = tuple(e for e in changed if e.delivery.delivery_id not in offered)
    return step.model_copy(update={"withdrawals": tuple(withdrawals), "changed": (*kept, *step.changed)})


def _stale_news(entry: Entry, session_id: str) -> bool:
    delivery = entry.delivery
    return entry.state is DeliveryState.OWED and delivery.ephemeral and delivery.session_id == session_id


def _after_call(entry: Entry, *, vanished: bool) -> Entry:
    if entry.state is DeliveryState.PLAYED and not vanished:
        return _moved(entry, DeliveryState.HEARD)
    if entry.delivery.ephemeral:
        return _moved(entry, DeliveryState.DROPPED)
    return _moved(entry, DeliveryState.OWED).model_copy(update={"session_id": None})


def reported(state: InboxState, report: DeliveryReport) -> Step:
    """The live agent's word on an offer. Of an offer that no longer stands only `heard` counts: that is final."""
    changed: list[Entry] = []
    withdrawals: list[WithdrawFrom] = []
    entries: list[Entry] = []
    for entry in state.entries:
        if entry.delivery.delivery_id == report.delivery_id and not entry.state.final:
            after = _after_report(entry, report)
            if after is not entry:
                changed.append(after)
                if after.state is not DeliveryState.OWED:
                    asked = dict.fromkeys(filter(None, (entry.session_id, report.session_id)))
                    withdrawals += [WithdrawFrom(session_id=s, delivery_id=report.delivery_id) for s in asked]
            entry = after
        entries.append(entry)
    step = _offer_owed(state.model_copy(update={"entries": _remembered(entries)}))
    withdrawals += [
        WithdrawFrom(session_id=report.session_id, delivery_id=report.delivery_id)
        for offer in step.offers
        if offer.delivery_id == report.delivery_id and offer.session_id != report.session_id
    ]
    offered = {e.delivery.delivery_id for e in step.changed}
    kept = tuple(e for e in changed if e.delivery.delivery_id not in offered)
    return step.model_copy(update={"withdrawals": tuple(withdrawals), "changed": (*kept, *step.changed)})


def _after_report(entry: Entry, report: DeliveryReport) -> Entry:
    if report.outcome is DeliveryOutcome.HEARD:
        return _moved(entry, DeliveryState.HEARD).model_copy(update={"session_id": report.session_id})
    current = entry.state is DeliveryState.OFFERED and entry.attempts == report.attempt
    if not current or entry.session_id != report.session_id:
        # Such as a late `played` of a call that was lost since: the delivery is owed again, or asked of another call.
        return entry
    if report.outcome is DeliveryOutcome.PLAYED:
        return _moved(entry, DeliveryState.PLAYED)
    if entry.delivery.ephemeral:
        return _moved(entry, DeliveryState.DROPPED)
    return _moved(entry, DeliveryState.OWED)


def _offer_owed(state: InboxState) -> Step:
    offers: list[Offer] = []
    changed: list[Entry] = []
    entries: list[Entry] = []
    for entry in state.entries:
        target = _target(state, entry.delivery)
        if entry.state is DeliveryState.OWED and target is not None:
            entry = _moved(entry, DeliveryState.OFFERED).model_copy(
                update={"attempts": entry.attempts + 1, "session_id": target}
            )
            changed.append(entry)
            offers.append(_offer(entry, target))
        entries.append(entry)
    return Step(
        state=state.model_copy(update={"entries": tuple(entries)}), offers=tuple(offers), changed=tuple(changed)
    )


def _target(state: InboxState, delivery: Delivery) -> str | None:
    """The call that it came from if that still stands, else the newest; news of the moment only where it came from."""
    if delivery.session_id in state.present:
        return delivery.session_id
    return state.present[-1] if state.present and not delivery.ephemeral else None


def _offer(entry: Entry, session_id: str) -> Offer:
    d = entry.delivery
    return Offer(
        delivery_id=d.delivery_id,
        attempt=entry.attempts,
        session_id=session_id,
        task_id=d.task_id,
        topic=d.topic,
        speech=d.speech,
        ephemeral=d.ephemeral,
        carried=d.session_id != session_id,
    )


def _moved(entry: Entry, to: DeliveryState) -> Entry:
    return entry.model_copy(update={"state": to, "revision": entry.revision + 1})


def _remembered(entries: list[Entry]) -> tuple[Entry, ...]:
    surplus = sum(e.state.final for e in entries) - KEPT_FINAL
    kept: list[Entry] = []
    for entry in entries:
        if entry.state.final and surplus > 0:
            surplus -= 1
            continue
        kept.append(entry)
    return tuple(kept)
