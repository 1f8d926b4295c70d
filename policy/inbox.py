"""What is owed to one person, across calls.

The one invariant: a delivery is either final (heard; dropped or expired for a stated reason), or it is owed, or
exactly one session was asked to say it. Time is passed in; `wake_at` says when something is due without any news.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from contracts.base import Contract
from contracts.delivery import Delivery, DeliveryPosted, DeliveryReport, DeliveryState, Offer, Presence, WebhookState
from contracts.question import AnswerAwaited
from policy import owed
from policy.owed import Entry

KEPT_FINAL = 50
"""How many final deliveries are remembered, to recognise one that is sent twice."""


class InboxState(Contract):
    """`present` lists sessions whose caller can be spoken to, newest last."""

    subject_id: str
    entries: tuple[Entry, ...] = ()
    present: tuple[str, ...] = ()

    @property
    def owes(self) -> bool:
        return any(not e.state.final or e.webhook is WebhookState.PENDING for e in self.entries)


class WithdrawFrom(Contract):
    session_id: str
    delivery_id: str


class AwaitIn(Contract):
    session_id: str
    awaited: AnswerAwaited


class Step(Contract):
    """A new state and what has to be done about it. `changed` entries go to the records, `posts` to the webhook."""

    state: InboxState
    offers: tuple[Offer, ...] = ()
    withdrawals: tuple[WithdrawFrom, ...] = ()
    changed: tuple[Entry, ...] = ()
    posts: tuple[Delivery, ...] = ()
    asked: tuple[AwaitIn, ...] = ()
    """Questions that were said to the end, and the sessions in which their answers are awaited."""


def delivered(state: InboxState, delivery: Delivery, now: datetime) -> Step:
    """A delivery arrives. Sent twice, it counts once; news of the moment replaces unsaid news of the same topic."""
    if any(e.delivery.delivery_id == delivery.delivery_id for e in state.entries):
        return Step(state=state)
    withdrawals: list[WithdrawFrom] = []
    entries: list[Entry] = []
    for entry in state.entries:
        unsaid = entry.state in (DeliveryState.OWED, DeliveryState.OFFERED)
        if entry.delivery.ephemeral and entry.delivery.topic == delivery.topic and unsaid:
            if entry.session_id is not None:
                withdrawals.append(WithdrawFrom(session_id=entry.session_id, delivery_id=entry.delivery.delivery_id))
            entry = owed.moved(entry, DeliveryState.DROPPED, reason="replaced")
        entries.append(entry)
    return _settled(state, [*entries, Entry(delivery=delivery)], state.present, withdrawals, now)


def retracted(state: InboxState, topic: str, now: datetime) -> Step:
    """Whatever of that topic was not said yet is not to be said any more."""
    withdrawals: list[WithdrawFrom] = []
    entries: list[Entry] = []
    for entry in state.entries:
        if entry.delivery.topic == topic and entry.state in (DeliveryState.OWED, DeliveryState.OFFERED):
            if entry.session_id is not None:
                withdrawals.append(WithdrawFrom(session_id=entry.session_id, delivery_id=entry.delivery.delivery_id))
            entry = owed.moved(entry, DeliveryState.DROPPED, reason="taken back")
        entries.append(entry)
    return _settled(state, entries, state.present, withdrawals, now)


def presence(state: InboxState, news: Presence, now: datetime) -> Step:
    """A session's caller can be spoken to, or no longer can. What was played to one who vanished is owed again.

    Whatever a session that was left had been asked to say is withdrawn from it, since another one may be asked now.
    """
    others = tuple(s for s in state.present if s != news.session_id)
    if news.present:
        known = news.session_id in state.present
        entries = state.entries if known else tuple(map(owed.fresh, state.entries))
        return _settled(state, entries, (*others, news.session_id), (), now)
    withdrawals: list[WithdrawFrom] = []
    left: list[Entry] = []
    for entry in state.entries:
        if entry.session_id == news.session_id and not entry.state.final:
            withdrawals.append(WithdrawFrom(session_id=news.session_id, delivery_id=entry.delivery.delivery_id))
            entry = owed.after_call(entry, vanished=news.vanished)
        elif _stale_news(entry, news.session_id):
            entry = owed.moved(entry, DeliveryState.DROPPED, reason="the call is over")
        left.append(entry)
    return _settled(state, left, others, withdrawals, now)


def reported(state: InboxState, report: DeliveryReport, now: datetime) -> Step:
    """The live agent's word on an offer. Of an offer that no longer stands only `heard` counts: that is final."""
    withdrawals: list[WithdrawFrom] = []
    entries: list[Entry] = []
    questions: list[AwaitIn] = []
    for entry in state.entries:
        if entry.delivery.delivery_id == report.delivery_id and not entry.state.final:
            after = owed.after_report(entry, report, now)
            if (awaited := owed.awaited(entry, after, report)) is not None:
                questions.append(AwaitIn(session_id=report.session_id, awaited=awaited))
            if after is not entry and after.state is not DeliveryState.OWED:
                asked = dict.fromkeys(filter(None, (entry.session_id, report.session_id)))
                withdrawals += [WithdrawFrom(session_id=s, delivery_id=report.delivery_id) for s in asked]
            elif after is not entry:
                # Owed again; whoever is asked next, it is not this offer any more.
                withdrawals.append(WithdrawFrom(session_id=report.session_id, delivery_id=report.delivery_id))
            entry = after
        entries.append(entry)
    step = _settled(state, entries, state.present, withdrawals, now)
    again = {(offer.session_id, offer.delivery_id) for offer in step.offers}
    kept = tuple(w for w in step.withdrawals if (w.session_id, w.delivery_id) not in again)
    return step.model_copy(update={"withdrawals": kept, "asked": tuple(questions)})


def posted(state: InboxState, news: DeliveryPosted, now: datetime) -> Step:
    """What became of a delivery at the webhook. The person is owed it all the same."""
    entries = [
        entry.model_copy(update={"webhook": news.state, "revision": entry.revision + 1})
        if entry.delivery.delivery_id == news.delivery_id and entry.webhook is WebhookState.PENDING
        else entry
        for entry in state.entries
    ]
    return _settled(state, entries, state.present, (), now)


def woken(state: InboxState, now: datetime) -> Step:
    """What is due by now: expiry, an offer after a pause, the way to the webhook."""
    return _settled(state, state.entries, state.present, (), now)


def wake_at(state: InboxState) -> datetime | None:
    """When something is due next; None if nothing is."""
    moments: list[datetime] = []
    for entry in state.entries:
        if entry.state is DeliveryState.OWED:
            wanted = [entry.delivery.expires_at, entry.post_at]
            if _target(state.present, entry.delivery) is not None:
                wanted.append(entry.not_before)
            moments += [moment for moment in wanted if moment is not None]
    return min(moments, default=None)


def _settled(
    before: InboxState,
    entries: Iterable[Entry],
    present: tuple[str, ...],
    withdrawals: Iterable[WithdrawFrom],
    now: datetime,
) -> Step:
    """What follows for every entry: it expires, is offered to a session that can say it, or goes to the webhook."""
    offers: list[Offer] = []
    posts: list[Delivery] = []
    after: list[Entry] = []
    for entry in entries:
        target = _target(present, entry.delivery)
        if entry.expired(now):
            entry = owed.moved(entry, DeliveryState.EXPIRED, reason="nobody heard it in time")
        elif target is not None and entry.waits(now):
            entry = owed.offered(entry, target)
            offers.append(owed.offer(entry))
        elif present:
            entry = entry.model_copy(update={"post_at": None})
        elif entry.state is DeliveryState.OWED:
            waited, entry = entry, _towards_webhook(entry, now)
            if entry.revision != waited.revision:
                posts.append(entry.delivery)
        after.append(entry)
    known = {e.delivery.delivery_id: e.revision for e in before.entries}
    changed = tuple(e for e in after if known.get(e.delivery.delivery_id) != e.revision)
    return Step(
        state=before.model_copy(update={"entries": _remembered(after), "present": present}),
        offers=tuple(offers),
        withdrawals=tuple(withdrawals),
        changed=changed,
        posts=tuple(posts),
    )


def _towards_webhook(entry: Entry, now: datetime) -> Entry:
    """Nobody is on the line: its time until the webhook begins, or is over: then it is pending."""
    after = entry.delivery.webhook_after
    if after is None or entry.delivery.ephemeral or entry.delivery.question is not None or entry.webhook is not None:
        return entry
    post_at = entry.post_at or now + timedelta(seconds=after)
    if post_at > now:
        return entry.model_copy(update={"post_at": post_at})
    return entry.model_copy(update={"post_at": None, "webhook": WebhookState.PENDING, "revision": entry.revision + 1})


def _stale_news(entry: Entry, session_id: str) -> bool:
    delivery = entry.delivery
    return entry.state is DeliveryState.OWED and delivery.ephemeral and delivery.session_id == session_id


def _target(present: tuple[str, ...], delivery: Delivery) -> str | None:
    """The call that it came from if that still stands, else the newest; news of the moment only where it came from."""
    if delivery.session_id in present:
        return delivery.session_id
    return present[-1] if present and not delivery.ephemeral else None


def _remembered(entries: list[Entry]) -> tuple[Entry, ...]:
    done = [e.state.final and e.webhook is not WebhookState.PENDING for e in entries]
    surplus = sum(done) - KEPT_FINAL
    kept: list[Entry] = []
    for entry, is_done in zip(entries, done, strict=True):
        if is_done and surplus > 0:
            surplus -= 1
            continue
        kept.append(entry)
    return tuple(kept)
