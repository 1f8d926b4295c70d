"""A breaker in front of what may fail: who failed is left alone for a while, then tried once before it counts again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BreakerState(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    """It may be tried once."""


@dataclass
class Breaker:
    """Times are seconds of one clock. Opens after `failures` in a row; each trial that fails doubles the interval.

    A trial of whose end nothing is heard for `trial_seconds` counts as one that failed, so that it blocks nothing.
    """

    failures: int = 1
    open_seconds: float = 1.0
    longest_seconds: float = 4.0
    trial_seconds: float = 10.0
    _failed: int = 0
    _open_for: float = 0.0
    _tried_again_at: float | None = None
    _trial_until: float | None = None

    def state(self, now: float) -> BreakerState:
        if self._tried_again_at is None:
            return BreakerState.CLOSED
        if self._trial_until is not None and now >= self._trial_until:
            self.failed(self._trial_until)
        waits = now < self._tried_again_at or self._trial_until is not None
        return BreakerState.OPEN if waits else BreakerState.HALF_OPEN

    def admits(self, now: float) -> bool:
        """Whether it may be asked."""
        return self.state(now) is not BreakerState.OPEN

    def asked(self, now: float) -> None:
        """It is being asked. In the half-open state that is the one trial."""
        if self.state(now) is BreakerState.HALF_OPEN:
            self._trial_until = now + self.trial_seconds

    def worked(self) -> None:
        self._failed, self._open_for, self._tried_again_at, self._trial_until = 0, 0.0, None, None

    def failed(self, now: float) -> None:
        if self._tried_again_at is not None and self._trial_until is None and now < self._tried_again_at:
            return  # asked before it opened: nothing new
        self._failed += 1
        if self._failed >= self.failures:
            self._open_for = min(self._open_for * 2 or self.open_seconds, self.longest_seconds)
            self._tried_again_at, self._trial_until = now + self._open_for, None

    @property
    def tried_again_at(self) -> float | None:
        """When it may be tried again; None while it is closed."""
        return self._tried_again_at
