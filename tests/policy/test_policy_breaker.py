"""The breaker, by any order of requests, answers and failures: closed, open, half-open."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from policy.breaker import Breaker, BreakerState


def test_it_opens_rests_is_tried_once_and_closes() -> None:
    breaker = Breaker(failures=2, open_seconds=2, longest_seconds=5)
    breaker.failed(0)
    assert breaker.state(0) is BreakerState.CLOSED
    breaker.failed(1)
    assert [breaker.state(at) for at in (1, 2.9, 3)] == [BreakerState.OPEN, BreakerState.OPEN, BreakerState.HALF_OPEN]
    breaker.asked(3)
    assert not breaker.admits(3.1), "one trial at a time"
    breaker.failed(3.5)
    assert not breaker.admits(7.4) and breaker.admits(7.5), "twice as long"
    breaker.asked(8)
    breaker.failed(8)
    assert breaker.tried_again_at == 13, "never longer than the longest"
    breaker.asked(13)
    breaker.worked()
    assert breaker.state(13) is BreakerState.CLOSED
    breaker.failed(14)
    assert breaker.admits(14), "it counts from the beginning again"


def test_a_trial_of_which_nothing_is_heard_blocks_nothing_for_ever() -> None:
    breaker = Breaker(open_seconds=2, trial_seconds=10)
    breaker.failed(0)
    breaker.asked(2)
    assert not breaker.admits(11.9)
    assert not breaker.admits(12) and breaker.admits(16)


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "worked", "failed"]), st.floats(0, 8, allow_nan=False)), min_size=1, max_size=60
)


@given(STEPS, st.integers(1, 4))
def test_whatever_happens_the_dead_are_asked_once_an_interval_and_never_given_up(
    steps: list[tuple[str, float]], failures: int
) -> None:
    breaker = Breaker(failures=failures, open_seconds=2, longest_seconds=16, trial_seconds=5)
    now, trials, in_a_row = 0.0, list[float](), 0
    for step, wait in steps:
        now += wait
        before = breaker.state(now)
        match step:
            case "ask" if breaker.admits(now):
                breaker.asked(now)
                if before is BreakerState.HALF_OPEN:
                    assert not breaker.admits(now), "the trial keeps others away"
                    trials.append(now)
            case "worked":
                breaker.worked()
                trials, in_a_row = [], 0
                assert breaker.state(now) is BreakerState.CLOSED
            case "failed":
                breaker.failed(now)
                in_a_row += 1
                if in_a_row < failures:
                    assert breaker.admits(now)
        assert all(later - earlier >= 2 for earlier, later in pairwise(trials))
    assert breaker.admits(now + 5 + 16), "sooner or later it is tried again"
