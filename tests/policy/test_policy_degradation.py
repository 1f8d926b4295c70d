"""Degrading under load: step by step, never to and fro, and back to the whole once it is calm."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from policy.degradation import Bounds, Degradation, Load, Step

BUSY, CALM, BETWEEN = Load(waiting=8), Load(), Load(waiting=6)


def test_a_moment_of_load_changes_nothing_and_a_lasting_one_goes_step_by_step() -> None:
    control = Degradation()
    assert not control.measured(BUSY, 0) and not control.measured(BUSY, 1.9)
    assert not control.measured(CALM, 1.95) and not control.measured(BUSY, 2.0), "it begins anew"
    steps = [control.step for at in range(4, 14, 2) if control.measured(BUSY, at)]
    assert steps == [Step.FEWER_FRAMES, Step.NO_VISION, Step.SMALLER_MODEL, Step.SHORTER_REPLIES, Step.REFUSE_CALLS]
    assert control.reason == "waiting" and not control.measured(BUSY, 99)


def test_between_calm_and_too_much_nothing_moves() -> None:
    control = Degradation(step=Step.NO_VISION)
    assert not any(control.measured(BETWEEN, at) for at in range(0, 600, 5))
    assert not control.measured(CALM, 600) and not control.measured(BETWEEN, 610) and not control.measured(CALM, 616)
    assert control.measured(CALM, 631) and control.step is Step.FEWER_FRAMES


LOADS = st.builds(
    Load,
    waiting=st.integers(0, 20),
    loop_lag=st.floats(0, 1),
    worker=st.floats(0, 1.5),
    open_breakers=st.integers(0, 3),
    missed=st.floats(0, 1),
)


@given(st.lists(st.tuples(LOADS, st.floats(0.1, 10)), max_size=60))
def test_it_moves_by_one_never_sooner_than_its_times_and_is_whole_again_when_calm(
    course: list[tuple[Load, float]],
) -> None:
    bounds = Bounds()
    control, now, moved = Degradation(), 0.0, -100.0
    for load, wait in course:
        now += wait
        before = control.step
        if control.measured(load, now):
            assert abs(control.step - before) == 1
            least = bounds.rise_seconds if control.step > before else bounds.fall_seconds
            assert now - moved >= least - 1e-9
            moved = now
        else:
            assert control.step is before
    for _ in range(len(Step)):
        now += bounds.fall_seconds
        control.measured(CALM, now)
    control.measured(CALM, now + bounds.fall_seconds)
    assert control.step is Step.WHOLE
