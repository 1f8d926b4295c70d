"""Under load the call gets by with less, says so in its records, and is whole again when it is calm."""

from __future__ import annotations

import asyncio

from test_live_agent import Second

from live.load import BUDGET_SECONDS, LoadWatch
from live.rota import Rota
from live.thinking import ChatModels
from policy.degradation import Bounds, Step


class Call:
    def __init__(self) -> None:
        self.resting = 0
        self.told: list[tuple[str, str]] = []
        self.watch = LoadWatch(lambda: self.resting, lambda step, why: self.told.append((step, why)))

    def looks(self, *, seconds: float, since: float, lag: float = 0.0) -> None:
        for tick in range(round(seconds * 2) + 1):
            self.watch.looked(lag, since + tick / 2)


def test_each_measure_alone_degrades_and_each_step_down_is_told_once() -> None:
    late = Call()
    late.looks(seconds=4, since=0, lag=0.3)
    assert late.told == [("fewer_frames", "loop_lag"), ("no_vision", "loop_lag")]
    dead = Call()
    dead.resting = 2
    dead.looks(seconds=2, since=0)
    assert dead.told == [("fewer_frames", "open_breakers")]
    slow = Call()
    for _ in range(2):
        slow.watch.turn(BUDGET_SECONDS + 1)
    slow.looks(seconds=4, since=0)
    assert slow.told == [], "two turns tell nothing"
    slow.watch.turn(BUDGET_SECONDS + 1)
    slow.looks(seconds=2, since=10)
    assert slow.told == [("fewer_frames", "missed")]
    slow.looks(seconds=Bounds.fall_seconds, since=20)
    assert slow.watch.step is not Step.WHOLE, "it still misses its budget"
    for _ in range(6):
        slow.watch.turn(0.5)
    slow.looks(seconds=Bounds.fall_seconds * 8, since=60)
    assert slow.watch.step is Step.WHOLE


async def test_a_loop_that_is_blocked_is_noticed() -> None:
    call, seen = Call(), asyncio.Event()
    lags: list[float] = []
    call.watch.looked = lambda lag, now: (lags.append(lag), seen.set())  # type: ignore[method-assign, assignment]
    call.watch.start()
    await asyncio.sleep(0)
    until = asyncio.get_running_loop().time() + 0.9
    while asyncio.get_running_loop().time() < until:
        pass
    async with asyncio.timeout(5):
        await seen.wait()
    call.watch.stop()
    assert lags[0] > 0.3


def test_the_second_model_is_the_smaller_one() -> None:
    second = Second()
    models = ChatModels(second)
    assert models.tries() == [None, second] and models.tries(smaller=True) == [second, None]
    assert ChatModels().tries(smaller=True) == [None, None]


def test_who_rests_is_counted() -> None:
    rota = Rota(["a", "b"], lambda: 1.0)
    rota.failed("a")
    assert (rota.resting, rota.in_order(), rota.first) == (1, ["b"], "b")
