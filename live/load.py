"""Watches how hard it is for this call, and says with how much less it gets by (`policy/degradation.py`)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable

from policy.degradation import Degradation, Load, Step

logger = logging.getLogger("greenroom.live.load")

LOOK_SECONDS = 0.5
BUDGET_SECONDS = 3.0
"""From the end of the caller's words to the first sound: the longest silence that is promised.

Not the role's `LatencyBudget`, by which a slow turn is put down to a stage."""
TURNS = 6
"""So many last turns are looked at; with fewer than half of them, none has missed."""


class LoadWatch:
    """`open_breakers` counts services that are left alone; `degraded` is told each step down, and why."""

    def __init__(self, open_breakers: Callable[[], int], degraded: Callable[[str, str], None]) -> None:
        self._open_breakers = open_breakers
        self._degraded = degraded
        self._control = Degradation()
        self._missed: deque[bool] = deque(maxlen=TURNS)
        self._running: asyncio.Task[None] | None = None

    @property
    def step(self) -> Step:
        return self._control.step

    def start(self) -> None:
        self._running = self._running or asyncio.create_task(self._watch(), name="load")

    def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            self._running = None

    def turn(self, latency_seconds: float) -> None:
        """A turn was answered after that time."""
        self._missed.append(latency_seconds > BUDGET_SECONDS)

    def looked(self, lag: float, now: float) -> None:
        """The event loop was that late, in seconds."""
        known = len(self._missed) >= TURNS / 2
        missed = sum(self._missed) / len(self._missed) if known else 0.0
        load = Load(loop_lag=lag, open_breakers=self._open_breakers(), missed=missed)
        before = self._control.step
        if self._control.measured(load, now):
            step = self._control.step
            logger.warning("load", extra={"step": step.name.lower(), "reason": self._control.reason})
            if step > before:
                self._degraded(step.name.lower(), self._control.reason)

    async def _watch(self) -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(LOOK_SECONDS)
            now = time.monotonic()
            self.looked(now - began - LOOK_SECONDS, now)
