"""Which owed delivery is said next, and what counts as heard."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.base import Content
from contracts.delivery import DeliveryOutcome, Offer
from policy.desk import DeliveryDesk, Playout

PLAYED = Playout(interrupted=False, failed=False, reachable=True)


def offer(number: int, *, attempt: int = 1, topic: str = "t", ephemeral: bool = False) -> Offer:
    return Offer(
        delivery_id=f"d{number}",
        attempt=attempt,
        session_id="s",
        task_id="task",
        topic=topic,
        speech=Content(subject_id="p", body=f"news {number}"),
        ephemeral=ephemeral,
    )


def test_offers_are_said_in_their_order_and_once() -> None:
    desk = DeliveryDesk()
    assert desk.offered(offer(1)) and desk.offered(offer(2))
    assert not desk.offered(offer(1))
    said = desk.next
    assert said == offer(1)
    desk.began(said)
    assert desk.next is None, "one at a time"
    assert desk.ended(PLAYED) is DeliveryOutcome.PLAYED
    assert desk.next == offer(2)
    assert not desk.offered(offer(1)), "a repeated offer of what was said is not said again"


def test_newer_news_replaces_older_news_of_the_same_topic_but_nothing_that_lasts() -> None:
    desk = DeliveryDesk()
    for new in (offer(1, ephemeral=True), offer(2), offer(3, ephemeral=True), offer(4, topic="u", ephemeral=True)):
        desk.offered(new)
    waiting = []
    while (following := desk.next) is not None:
        desk.began(following)
        desk.ended(PLAYED)
        waiting.append(following.delivery_id)
    assert waiting == ["d2", "d3", "d4"]


def test_a_later_attempt_takes_the_place_of_an_earlier_one() -> None:
    desk = DeliveryDesk()
    desk.offered(offer(1))
    desk.offered(offer(1, attempt=2))
    assert desk.next == offer(1, attempt=2)
    desk.began(offer(1, attempt=2))
    desk.ended(PLAYED)
    assert desk.next is None


def test_what_was_withdrawn_is_not_said() -> None:
    desk = DeliveryDesk()
    desk.offered(offer(1))
    desk.withdrawn("d1")
    assert desk.next is None
    with pytest.raises(ValueError, match="cannot be said"):
        desk.began(offer(1))


@pytest.mark.parametrize(
    ("playout", "outcome", "heard"),
    [
        (PLAYED, DeliveryOutcome.PLAYED, True),
        (Playout(interrupted=True, failed=False, reachable=True), DeliveryOutcome.INTERRUPTED, False),
        (Playout(interrupted=False, failed=True, reachable=True), DeliveryOutcome.FAILED, False),
        (Playout(interrupted=False, failed=False, reachable=False), DeliveryOutcome.INTERRUPTED, False),
    ],
)
def test_only_what_was_played_to_a_caller_who_was_there_can_be_heard(
    playout: Playout, outcome: DeliveryOutcome, heard: bool
) -> None:
    desk = DeliveryDesk()
    desk.offered(offer(1))
    desk.began(offer(1))
    assert desk.sign_of_life() == (), "speech during the playout is not an answer to it"
    assert desk.ended(playout) is outcome
    assert bool(desk.sign_of_life()) is heard
    assert desk.sign_of_life() == (), "heard once"


class Interleavings(RuleBasedStateMachine):
    """Whatever happens in whatever order: one voice, nothing said twice, nothing heard that was not played."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = DeliveryDesk()
        self.saying: Offer | None = None
        self.said: list[tuple[str, int]] = []
        self.played: list[Offer] = []

    @rule(number=st.integers(1, 4), attempt=st.integers(1, 2), ephemeral=st.booleans(), topic=st.sampled_from("tu"))
    def offered(self, number: int, attempt: int, ephemeral: bool, topic: str) -> None:
        self.desk.offered(offer(number, attempt=attempt, ephemeral=ephemeral, topic=topic))

    @rule(number=st.integers(1, 4))
    def withdrawn(self, number: int) -> None:
        self.desk.withdrawn(f"d{number}")

    @precondition(lambda self: self.saying is None and self.desk.next is not None)
    @rule()
    def begin(self) -> None:
        self.saying = self.desk.next
        assert self.saying is not None
        self.desk.began(self.saying)
        self.said.append((self.saying.delivery_id, self.saying.attempt))

    @precondition(lambda self: self.saying is not None)
    @rule(playout=st.builds(Playout, interrupted=st.booleans(), failed=st.booleans(), reachable=st.booleans()))
    def end(self, playout: Playout) -> None:
        assert self.saying is not None
        if self.desk.ended(playout) is DeliveryOutcome.PLAYED:
            self.played.append(self.saying)
        self.saying = None

    @rule()
    def sign_of_life(self) -> None:
        assert list(self.desk.sign_of_life()) == self.played
        self.played = []

    @invariant()
    def one_voice(self) -> None:
        assert self.saying is None or self.desk.next is None

    @invariant()
    def no_attempt_is_said_twice(self) -> None:
        assert len(self.said) == len(set(self.said))


TestInterleavings = Interleavings.TestCase
