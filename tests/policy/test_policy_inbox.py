"""What is owed to one person, under any interleaving of what may happen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import T0, delivery, words

from contracts.delivery import (
    Delivery,
    DeliveryOutcome,
    DeliveryPosted,
    DeliveryReport,
    DeliveryState,
    Presence,
    WebhookState,
)
from policy import inbox
from policy.inbox import InboxState, Step
from policy.owed import Entry

SESSIONS = ("A", "B")
DELIVERIES = {
    d.delivery_id: d
    for d in (
        delivery(1, session="A", topic="t1"),
        delivery(2, session="B", topic="t2"),
        delivery(3, session="A", topic="t1", ephemeral=True),
        delivery(4, session="A", topic="t1", ephemeral=True),
        delivery(5, session="gone", topic="t3"),
        delivery(6, session="B", topic="t4", ephemeral=True),
        delivery(7, session="A", topic="t5").model_copy(update={"expires_at": T0 + timedelta(seconds=90)}),
        delivery(8, session="B", topic="t6").model_copy(update={"webhook_after": 30.0}),
        delivery(9, session="gone", topic="t7").model_copy(
            update={"webhook_after": 0.0, "expires_at": T0 + timedelta(seconds=200)}
        ),
    )
}


def _told(entry: Entry | None) -> Entry | None:
    """An entry as the records show it."""
    quiet = {"not_before": None, "post_at": None, "failures": 0, "rest": None}
    return entry.model_copy(update=quiet) if entry is not None else None


def told(session: str, present: bool, vanished: bool = False) -> Presence:
    return Presence(session_id=session, subject_id="subject-1", present=present, epoch=1, vanished=vanished)


def said(delivery_id: str, attempt: int, session: str, outcome: DeliveryOutcome) -> DeliveryReport:
    return DeliveryReport(delivery_id=delivery_id, attempt=attempt, session_id=session, outcome=outcome, at=T0)


Event = Delivery | Presence | DeliveryReport | DeliveryPosted | timedelta | None
"""What may happen; a while that passes, and None: a crash."""

EVENTS = st.one_of(
    st.none(),
    st.sampled_from([1.0, 3.0, 40.0, 130.0]).map(lambda seconds: timedelta(seconds=seconds)),
    st.builds(
        lambda name, state: DeliveryPosted(delivery_id=name, state=state, status=200),
        st.sampled_from(["d1", "d8", "d9"]),
        st.sampled_from([WebhookState.SENT, WebhookState.REFUSED, WebhookState.GIVEN_UP]),
    ),
    st.sampled_from(sorted(DELIVERIES)).map(DELIVERIES.__getitem__),
    st.builds(told, st.sampled_from(SESSIONS), st.just(True)),
    st.builds(told, st.sampled_from(SESSIONS), st.just(False), st.booleans()),
    st.builds(
        said,
        st.sampled_from(sorted(DELIVERIES)),
        st.integers(1, 3),
        st.sampled_from(SESSIONS),
        st.sampled_from(DeliveryOutcome),
    ),
)


@dataclass
class Rooms:
    """Applies events, keeps what each session was asked to say, and checks every promise after every event."""

    state: InboxState = field(default_factory=lambda: InboxState(subject_id="subject-1"))
    asked: dict[str, set[str]] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    attempts: dict[str, int] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    posts: list[str] = field(default_factory=list)
    now: datetime = T0

    def happens(self, event: Event) -> Step:
        before = self.state
        if isinstance(event, Delivery):
            step = inbox.delivered(before, event, self.now)
            self.sent.add(event.delivery_id)
        elif isinstance(event, Presence):
            step = inbox.presence(before, event, self.now)
        elif isinstance(event, DeliveryReport):
            step = inbox.reported(before, event, self.now)
        elif isinstance(event, DeliveryPosted):
            step = inbox.posted(before, event, self.now)
        elif isinstance(event, timedelta):
            self.now += event
            step = inbox.woken(before, self.now)
        else:
            # A crash: another process goes on from what is durable.
            step = Step(state=InboxState.model_validate_json(before.model_dump_json()))
            assert step.state == before
        self.state = step.state
        for gone in step.withdrawals:
            self.asked.setdefault(gone.session_id, set()).discard(gone.delivery_id)
        for offer in step.offers:
            assert offer.delivery_id not in self.heard, "offered again once heard"
            assert offer.attempt == self.attempts.get(offer.delivery_id, 0) + 1
            self.attempts[offer.delivery_id] = offer.attempt
            self.asked.setdefault(offer.session_id, set()).add(offer.delivery_id)
            wanted = DELIVERIES[offer.delivery_id]
            assert offer.carried == (offer.session_id != wanted.session_id)
            assert not (wanted.ephemeral and offer.carried), "news of the moment carried to another call"
        for post in step.posts:
            assert post.delivery_id not in self.posts, "posted once"
            assert not self.state.present, "not while the person is on the line"
            self.posts.append(post.delivery_id)
        self._check_changes(before, step)
        self._check_invariant()
        return step

    def _check_changes(self, before: InboxState, step: Step) -> None:
        old = {e.delivery.delivery_id: e for e in before.entries}
        new = {e.delivery.delivery_id: e for e in step.state.entries}
        really = {name for name, entry in new.items() if _told(old.get(name)) != _told(entry)}
        assert [e.delivery.delivery_id for e in step.changed] == list(
            dict.fromkeys(e.delivery.delivery_id for e in step.changed)
        ), "one record a delivery"
        assert {e.delivery.delivery_id for e in step.changed} == really, "the records see every change, and only those"
        for entry in step.changed:
            assert entry == new[entry.delivery.delivery_id], "the newest version is written"
            known = old.get(entry.delivery.delivery_id)
            if known is not None:
                assert entry.revision > known.revision
                assert not known.state.final or entry.state is known.state, "what is final stays as it is"
        assert old.keys() <= new.keys()

    def _check_invariant(self) -> None:
        assert {e.delivery.delivery_id for e in self.state.entries} == self.sent, "nothing is lost or doubled"
        due = inbox.wake_at(self.state)
        assert due is None or due > self.now, "what is due was done"
        for entry in self.state.entries:
            name = entry.delivery.delivery_id
            asked = {session for session, names in self.asked.items() if name in names}
            match entry.state:
                case DeliveryState.OFFERED:
                    assert asked == {entry.session_id} and entry.session_id in self.state.present
                case DeliveryState.PLAYED:
                    assert not asked and entry.session_id in self.state.present
                case DeliveryState.OWED:
                    assert not asked
                    reachable = (
                        entry.delivery.session_id in self.state.present
                        if entry.delivery.ephemeral
                        else bool(self.state.present)
                    )
                    pauses = entry.not_before is not None and entry.not_before > self.now
                    assert not reachable or pauses, "owed although somebody could say it"
                    until = entry.delivery.expires_at
                    assert until is None or until > self.now, "owed although it is not worth saying any more"
                case DeliveryState.HEARD:
                    self.heard.add(name)
                    assert not asked
                case DeliveryState.EXPIRED:
                    until = entry.delivery.expires_at
                    assert until is not None and until <= self.now and not asked
                case DeliveryState.DROPPED:
                    assert entry.delivery.ephemeral, "only news of the moment is ever dropped"
                    assert not asked


@given(st.lists(EVENTS, max_size=40))
@settings(max_examples=400, deadline=None)
def test_any_interleaving_keeps_the_promise(events: list[Event]) -> None:
    rooms = Rooms()
    for event in events:
        rooms.happens(event)
    _last_call(rooms)


def _last_call(rooms: Rooms) -> None:
    """The person calls once more, listens to everything, and owes nobody anything any more."""
    for session in SESSIONS:
        rooms.happens(told(session, False, vanished=True))
    rooms.happens(told("C", True))
    for entry in rooms.state.entries:
        if entry.state is DeliveryState.OFFERED:
            rooms.happens(said(entry.delivery.delivery_id, entry.attempts, "C", DeliveryOutcome.PLAYED))
    rooms.happens(told("C", False, vanished=False))
    for entry in rooms.state.entries:
        if not entry.delivery.ephemeral:
            assert entry.state in (DeliveryState.HEARD, DeliveryState.EXPIRED)
            assert entry.state is DeliveryState.HEARD or entry.delivery.expires_at is not None


@given(st.lists(EVENTS, max_size=25))
@settings(max_examples=150, deadline=None)
def test_whatever_is_sent_twice_in_a_row_counts_once(events: list[Event]) -> None:
    once, twice = Rooms(), Rooms()
    for event in events:
        once.happens(event)
        twice.happens(event)
        repeated = twice.happens(timedelta(0) if isinstance(event, timedelta) else event)
        assert not repeated.offers and not repeated.changed and not repeated.posts
    assert once.state == twice.state


def test_played_to_one_who_vanished_is_owed_and_offered_in_the_next_call() -> None:
    rooms = Rooms()
    rooms.happens(told("A", True))
    rooms.happens(DELIVERIES["d1"])
    rooms.happens(said("d1", 1, "A", DeliveryOutcome.PLAYED))
    rooms.happens(told("A", False, vanished=True))
    assert rooms.state.owes
    rooms.happens(said("d1", 1, "A", DeliveryOutcome.PLAYED))  # the agent's word comes after the caller was missed
    assert rooms.state.entries[0].state is DeliveryState.OWED
    step = rooms.happens(told("B", True))
    assert [(o.session_id, o.attempt, o.carried) for o in step.offers] == [("B", 2, True)]


def test_played_and_then_hung_up_is_heard() -> None:
    rooms = Rooms()
    for event in (
        told("A", True),
        DELIVERIES["d1"],
        said("d1", 1, "A", DeliveryOutcome.PLAYED),
        told("A", False, vanished=False),
    ):
        rooms.happens(event)
    assert rooms.state.entries[0].state is DeliveryState.HEARD and not rooms.state.owes


def test_heard_in_the_old_call_is_withdrawn_from_the_new_one() -> None:
    rooms = Rooms()
    for event in (told("A", True), DELIVERIES["d1"], told("A", False, vanished=True), told("B", True)):
        rooms.happens(event)
    step = rooms.happens(said("d1", 1, "A", DeliveryOutcome.HEARD))
    assert ("B", "d1") in {(w.session_id, w.delivery_id) for w in step.withdrawals}
    assert rooms.state.entries[0].session_id == "A", "the records name the call in which it was heard"


def test_a_barged_over_outcome_is_offered_again_at_once_and_news_of_the_moment_is_not() -> None:
    rooms = Rooms()
    for event in (told("A", True), DELIVERIES["d3"], DELIVERIES["d2"]):
        rooms.happens(event)
    assert not rooms.happens(said("d3", 1, "A", DeliveryOutcome.INTERRUPTED)).offers
    again = rooms.happens(said("d2", 1, "A", DeliveryOutcome.INTERRUPTED)).offers
    assert [(o.delivery_id, o.attempt) for o in again] == [("d2", 2)]


def test_an_outcome_replaces_unsaid_news_of_its_topic() -> None:
    rooms = Rooms()
    rooms.happens(told("A", True))
    rooms.happens(DELIVERIES["d3"])
    step = rooms.happens(DELIVERIES["d1"])
    assert [(w.session_id, w.delivery_id) for w in step.withdrawals] == [("A", "d3")]
    assert {e.delivery.delivery_id: e.state for e in rooms.state.entries} == {
        "d3": DeliveryState.DROPPED,
        "d1": DeliveryState.OFFERED,
    }


def test_a_delivery_prefers_the_call_that_it_came_from() -> None:
    rooms = Rooms()
    rooms.happens(told("A", True))
    rooms.happens(told("B", True))
    assert rooms.happens(DELIVERIES["d1"]).offers[0].session_id == "A"
    assert rooms.happens(DELIVERIES["d5"]).offers[0].session_id == "B", "else the newest"


def test_only_so_many_final_deliveries_are_remembered() -> None:
    state = inbox.presence(InboxState(subject_id="subject-1"), told("A", True), T0).state
    for number in range(inbox.KEPT_FINAL + 20):
        state = inbox.delivered(state, delivery(100 + number), T0).state
        state = inbox.reported(state, said(f"d{100 + number}", 1, "A", DeliveryOutcome.HEARD), T0).state
    owed = delivery(99)
    state = inbox.delivered(state, owed, T0).state
    assert len(state.entries) == inbox.KEPT_FINAL + 1
    assert state.entries[-1].delivery == owed


def failed(rooms: Rooms, name: str, session: str = "A") -> Step:
    [entry] = [e for e in rooms.state.entries if e.delivery.delivery_id == name]
    return rooms.happens(said(name, entry.attempts, session, DeliveryOutcome.FAILED))


def test_what_no_voice_could_say_is_offered_again_after_pauses_that_grow() -> None:
    rooms = Rooms()
    rooms.happens(told("A", True))
    rooms.happens(DELIVERIES["d1"])
    pauses = []
    for _ in range(9):
        step = failed(rooms, "d1")
        assert not step.offers, "not at once"
        assert ("A", "d1") in {(w.session_id, w.delivery_id) for w in step.withdrawals}
        due = inbox.wake_at(rooms.state)
        assert due is not None
        pauses.append((due - rooms.now).total_seconds())
        assert [o.delivery_id for o in rooms.happens(due - rooms.now).offers] == ["d1"]
    assert pauses == [2, 4, 8, 16, 32, 64, 120, 120, 120]
    failed(rooms, "d1")
    assert rooms.state.entries[0].reason == "failed"
    assert [o.session_id for o in rooms.happens(told("B", True)).offers] == ["A"], "a new call does not wait"


def test_what_was_broken_off_goes_on_where_it_stopped_and_begins_anew_in_the_next_call() -> None:
    rooms = Rooms()
    long = DELIVERIES["d1"].model_copy(update={"speech": words("The roof is mended. It cost 3.50 EUR. Bye.")})
    rooms.happens(told("A", True))
    rooms.happens(long)

    def broken_off(attempt: int, spoken: str) -> str:
        report = said("d1", attempt, "A", DeliveryOutcome.INTERRUPTED)
        [offer] = rooms.happens(report.model_copy(update={"spoken": words(spoken)})).offers
        assert offer.attempt == attempt + 1 and offer.resumed == (offer.speech != long.speech)
        return offer.speech.body

    assert broken_off(1, "Welcome back. The roof is") == long.speech.body
    assert broken_off(2, "the roof is mended. It cost 3") == "It cost 3.50 EUR. Bye."
    assert broken_off(3, "As I was saying: It cost 3.50 EUR. By") == "Bye."
    assert broken_off(4, "Bye.") == "Bye.", "its last words were broken off"
    rooms.happens(told("A", False, vanished=False))
    [offer] = rooms.happens(told("B", True)).offers
    assert offer.speech == long.speech and not offer.resumed and offer.carried


def test_what_is_not_worth_saying_any_more_expires_but_not_while_it_is_being_said() -> None:
    rooms = Rooms()
    rooms.happens(DELIVERIES["d7"])
    rooms.happens(told("A", True))
    rooms.happens(timedelta(seconds=100))
    assert rooms.state.entries[0].state is DeliveryState.OFFERED
    step = rooms.happens(said("d7", 1, "A", DeliveryOutcome.INTERRUPTED))
    assert not step.offers and [e.state for e in step.changed] == [DeliveryState.EXPIRED]
    assert not rooms.happens(told("B", True)).offers and not rooms.state.owes


def test_what_nobody_heard_goes_to_the_webhook_once_and_is_owed_all_the_same() -> None:
    rooms = Rooms()
    rooms.happens(told("B", True))
    rooms.happens(DELIVERIES["d8"])
    rooms.happens(told("B", False, vanished=True))
    assert not rooms.happens(timedelta(seconds=29)).posts
    rooms.happens(told("A", True))
    rooms.happens(timedelta(seconds=600))
    rooms.happens(told("A", False, vanished=True))
    assert rooms.happens(timedelta(seconds=30)).posts, "counted from the end of the last call"
    assert not rooms.happens(timedelta(seconds=600)).posts
    step = rooms.happens(DeliveryPosted(delivery_id="d8", state=WebhookState.SENT, status=204))
    assert [e.webhook for e in step.changed] == [WebhookState.SENT] and rooms.state.owes
    assert [o.delivery_id for o in rooms.happens(told("A", True)).offers] == ["d8"]


def test_an_inbox_stays_open_until_the_webhook_has_answered() -> None:
    rooms = Rooms()
    rooms.happens(DELIVERIES["d9"])
    assert rooms.posts == ["d9"]
    rooms.happens(told("A", True))
    rooms.happens(said("d9", 1, "A", DeliveryOutcome.HEARD))
    rooms.happens(told("A", False, vanished=False))
    assert rooms.state.owes
    rooms.happens(DeliveryPosted(delivery_id="d9", state=WebhookState.REFUSED, status=410))
    assert not rooms.state.owes
