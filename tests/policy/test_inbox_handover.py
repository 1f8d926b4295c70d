"""Between an ending call and a starting one nothing is lost and nothing is heard twice, however messages interleave.

The inbox and the agents' desks are the real ones. What lies between them is a network that delivers each message once,
in the order of each sender (the session tells who is present, the agent what became of an offer), but as late as it
likes; agents crash, callers hang up or vanish, time passes. What a caller truly heard is kept beside all of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from policy_samples import T0, delivery

from contracts.delivery import Delivery, DeliveryOutcome, DeliveryReport, DeliveryState, Offer, Presence
from policy import inbox
from policy.desk import DeliveryDesk, Playout
from policy.inbox import InboxState, Step

LASTING = timedelta(seconds=600)
"""How long a delivery is worth telling."""


@dataclass
class Call:
    """A session as the inbox and the agent see it: what it was asked to say, by a list that survives its agents."""

    name: str
    desk: DeliveryDesk = field(default_factory=DeliveryDesk)
    offers: dict[str, Offer] = field(default_factory=dict)
    to_call: deque[Offer | str] = field(default_factory=deque)
    """Offers, and ids of those that were withdrawn, on their way to the call."""
    presences: deque[Presence] = field(default_factory=deque)
    reports: deque[DeliveryReport] = field(default_factory=deque)
    """Both on their way to the inbox."""
    played: set[str] = field(default_factory=set)
    """What was played to the end, whoever of its agents did."""
    over: bool = False

    def asked(self) -> set[str]:
        """What it has to say once every message has come."""
        found = set(self.offers)
        for news in self.to_call:
            if isinstance(news, Offer):
                found.add(news.delivery_id)
            else:
                found.discard(news)
        return found

    def says_next(self) -> Offer | None:
        return self.desk.next if not self.over else None


class Handover(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now: datetime = T0
        self.state = InboxState(subject_id="subject-1")
        self.calls: list[Call] = []
        self.sent: list[Delivery] = []
        self.heard: set[str] = set()
        """What a caller truly heard: played to the end before a sign of life."""

    # What people and agents do

    @precondition(lambda self: len(self.living) < 2)
    @rule()
    def somebody_calls(self) -> None:
        it = Call(f"call-{len(self.calls)}")
        self.calls.append(it)
        it.presences.append(self.presence(it, True))

    @rule()
    def a_task_ends(self) -> None:
        number = len(self.sent) + 1
        came_from = self.calls[-1].name if self.calls else "before"
        made = delivery(number, session=came_from, topic=f"t{number}")
        self.sent.append(made.model_copy(update={"expires_at": self.now + LASTING}))
        self.happens(inbox.delivered(self.state, self.sent[-1], self.now))

    @precondition(lambda self: any(call.says_next() for call in self.living))
    @rule(data=st.data(), outcome=st.sampled_from(["played", "interrupted", "failed"]))
    def an_agent_speaks(self, data: st.DataObject, outcome: str) -> None:
        it = data.draw(st.sampled_from([call for call in self.living if call.says_next()]))
        offer = it.says_next()
        assert offer is not None
        it.desk.began(offer)
        playout = Playout(interrupted=outcome == "interrupted", failed=outcome == "failed", reachable=True)
        it.reports.append(self.report(it, offer, it.desk.ended(playout)))
        if outcome == "played":
            it.played.add(offer.delivery_id)

    @precondition(lambda self: bool(self.living))
    @rule(data=st.data())
    def a_caller_speaks(self, data: st.DataObject) -> None:
        self.a_sign_of_life(data.draw(st.sampled_from(self.living)))

    @precondition(lambda self: bool(self.living))
    @rule(data=st.data())
    def an_agent_dies(self, data: st.DataObject) -> None:
        """Its successor takes over what the session was asked to say; what the dead one had not sent is gone."""
        it = data.draw(st.sampled_from(self.living))
        it.desk = DeliveryDesk()
        for offer in it.offers.values():
            it.desk.offered(offer)

    @precondition(lambda self: bool(self.living))
    @rule(data=st.data(), vanished=st.booleans())
    def a_call_ends(self, data: st.DataObject, vanished: bool) -> None:
        it = data.draw(st.sampled_from(self.living))
        if not vanished:
            self.a_sign_of_life(it)
        it.over = True
        it.presences.append(self.presence(it, False, vanished=vanished))

    def a_sign_of_life(self, it: Call) -> None:
        self.heard |= it.played
        for offer in it.desk.sign_of_life():
            it.reports.append(self.report(it, offer, DeliveryOutcome.HEARD))

    # What the network, the clock and the inbox do

    @precondition(lambda self: any(call.presences or call.reports for call in self.calls))
    @rule(data=st.data())
    def the_inbox_hears_of_it(self, data: st.DataObject) -> None:
        waiting = [queue for call in self.calls for queue in (call.presences, call.reports) if queue]
        self.take(data.draw(st.sampled_from(waiting)).popleft())

    @precondition(lambda self: any(call.to_call for call in self.calls))
    @rule(data=st.data())
    def a_call_hears_of_it(self, data: st.DataObject) -> None:
        it = data.draw(st.sampled_from([call for call in self.calls if call.to_call]))
        self.hear(it)

    @rule(seconds=st.sampled_from([1.0, 5.0, 200.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.happens(inbox.woken(self.state, self.now))

    @rule()
    def the_inbox_crashes(self) -> None:
        self.state = InboxState.model_validate_json(self.state.model_dump_json())

    # The promises

    @invariant()
    def nothing_is_lost(self) -> None:
        assert [e.delivery for e in self.state.entries] == self.sent
        for entry in self.state.entries:
            if entry.state is DeliveryState.EXPIRED:
                assert entry.delivery.expires_at is not None and entry.delivery.expires_at <= self.now

    @invariant()
    def what_counts_as_heard_was_heard(self) -> None:
        assert {e.delivery.delivery_id for e in self.state.entries if e.state is DeliveryState.HEARD} <= self.heard

    @invariant()
    def exactly_one_call_is_asked(self) -> None:
        for entry in self.state.entries:
            asked = [call.name for call in self.calls if entry.delivery.delivery_id in call.asked()]
            assert asked == ([entry.session_id] if entry.state is DeliveryState.OFFERED else [])

    def teardown(self) -> None:
        """All messages arrive, and the person calls once more and listens: whatever is still owed is heard."""
        for it in self.living:
            it.over = True
            it.presences.append(self.presence(it, False, vanished=True))
        self.everything_arrives()
        last = Call("last")
        self.calls.append(last)
        last.presences.append(self.presence(last, True))
        self.everything_arrives()
        while offer := last.says_next():
            last.desk.began(offer)
            outcome = last.desk.ended(Playout(interrupted=False, failed=False, reachable=True))
            last.played.add(offer.delivery_id)
            last.reports.append(self.report(last, offer, outcome))
            self.a_sign_of_life(last)
            self.everything_arrives()
        for entry in self.state.entries:
            assert entry.state in (DeliveryState.HEARD, DeliveryState.EXPIRED), entry
        self.what_counts_as_heard_was_heard()
        self.exactly_one_call_is_asked()

    def everything_arrives(self) -> None:
        while any(call.presences or call.reports or call.to_call for call in self.calls):
            for it in self.calls:
                for queue in (it.reports, it.presences):
                    while queue:
                        self.take(queue.popleft())
                while it.to_call:
                    self.hear(it)

    # How it is wired

    @property
    def living(self) -> list[Call]:
        return [call for call in self.calls if not call.over]

    def presence(self, it: Call, present: bool, *, vanished: bool = False) -> Presence:
        return Presence(session_id=it.name, subject_id="subject-1", present=present, epoch=1, vanished=vanished)

    def report(self, it: Call, offer: Offer, outcome: DeliveryOutcome) -> DeliveryReport:
        return DeliveryReport(
            delivery_id=offer.delivery_id, attempt=offer.attempt, session_id=it.name, outcome=outcome, at=self.now
        )

    def take(self, news: Presence | DeliveryReport) -> None:
        if isinstance(news, Presence):
            self.happens(inbox.presence(self.state, news, self.now))
        else:
            self.happens(inbox.reported(self.state, news, self.now))

    def happens(self, step: Step) -> None:
        heard = {e.delivery.delivery_id for e in self.state.entries if e.state is DeliveryState.HEARD}
        assert not heard & {offer.delivery_id for offer in step.offers}, "offered again once heard"
        self.state = step.state
        for withdrawal in step.withdrawals:
            for it in self.named(withdrawal.session_id):
                it.to_call.append(withdrawal.delivery_id)
        for offer in step.offers:
            for it in self.named(offer.session_id):
                it.to_call.append(offer)

    def hear(self, it: Call) -> None:
        news = it.to_call.popleft()
        if isinstance(news, Offer):
            it.offers[news.delivery_id] = news
            it.desk.offered(news)
        else:
            it.offers.pop(news, None)
            it.desk.withdrawn(news)

    def named(self, name: str) -> Iterator[Call]:
        return (call for call in self.calls if call.name == name)


Handover.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestHandover = Handover.TestCase
