"""How a call gets by with less under load: one step at a time, and back only once it has been calm for a while."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class Step(IntEnum):
    """Each step includes those before it."""

    WHOLE = 0
    FEWER_FRAMES = 1
    NO_VISION = 2
    SMALLER_MODEL = 3
    SHORTER_REPLIES = 4
    REFUSE_CALLS = 5
    """New ones alone: a call that is running goes on."""


@dataclass(frozen=True)
class Load:
    """What is measured: requests that wait at the models, seconds by which the event loop is late, the share of the
    worker's places that are taken, breakers that are open, and the share of the last turns that missed their budget."""

    waiting: int = 0
    loop_lag: float = 0.0
    worker: float = 0.0
    open_breakers: int = 0
    missed: float = 0.0


@dataclass(frozen=True)
class Bounds:
    """From which value each measure alone is too much. Seconds that it must last before the next step, up or down."""

    waiting: int = 8
    loop_lag: float = 0.25
    worker: float = 1.2
    open_breakers: int = 2
    missed: float = 0.5
    calm: float = 0.6
    """Below this share of every bound it is calm."""
    rise_seconds: float = 2.0
    fall_seconds: float = 15.0


@dataclass
class Degradation:
    """`step` is what holds now. Between calm and too much nothing changes. Times are seconds of one clock."""

    bounds: Bounds = field(default_factory=Bounds)
    step: Step = Step.WHOLE
    reason: str = ""
    """Which measure led to the last step up."""
    _since: float | None = None
    _rising: bool = False

    def measured(self, load: Load, now: float) -> bool:
        """Whether the step has changed."""
        measure, pressure = max(pressures(load, self.bounds).items(), key=lambda item: item[1])
        rising, falling = pressure >= 1.0, pressure < self.bounds.calm
        if not (rising or falling):
            self._since = None
            return False
        if self._since is None or self._rising is not rising:
            self._since, self._rising = now, rising
        lasts = now - self._since
        if rising and lasts >= self.bounds.rise_seconds and self.step < Step.REFUSE_CALLS:
            return self._move(Step(self.step + 1), now, measure)
        if falling and lasts >= self.bounds.fall_seconds and self.step > Step.WHOLE:
            return self._move(Step(self.step - 1), now, self.reason)
        return False

    def _move(self, step: Step, now: float, reason: str) -> bool:
        self.step, self.reason, self._since = step, reason, now
        return True


def pressures(load: Load, bounds: Bounds) -> dict[str, float]:
    """Each measure as a share of its bound."""
    return {
        "waiting": load.waiting / bounds.waiting,
        "loop_lag": load.loop_lag / bounds.loop_lag,
        "worker": load.worker / bounds.worker,
        "open_breakers": load.open_breakers / bounds.open_breakers,
        "missed": load.missed / bounds.missed,
    }
