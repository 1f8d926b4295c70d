"""Who is asked first: in the order of preference, without those whose breaker is open.

Those are tried with words of ours, beside the conversation: what a caller says is not sent to the dead to see if they
are back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from livekit.agents import APIError

from policy.breaker import Breaker

logger = logging.getLogger("greenroom.live.rota")

ALONE = 2
"""Failures in a row after which the only one there is rests; with another at hand, one is enough."""

T = TypeVar("T")


class Rota(Generic[T]):
    """Empty-handed while all rest: then the next fallback counts, at once.

    `trial` raises APIError or TimeoutError when that member is still dead. Where none runs, a request is the trial.
    """

    def __init__(
        self,
        members: Sequence[T],
        clock: Callable[[], float] = time.monotonic,
        trial: Callable[[T], Awaitable[None]] | None = None,
    ) -> None:
        failures = 1 if len(members) > 1 else ALONE
        self._members = list(members)
        self._breakers = [Breaker(failures=failures) for _ in members]
        self._clock = clock
        self._trial = trial
        self._trying: dict[int, asyncio.Task[None]] = {}

    @property
    def first(self) -> T:
        """Who would be asked first, also while all rest."""
        return next(iter(self.in_order()), self._members[0])

    @property
    def resting(self) -> int:
        """How many are left alone."""
        return len(self._members) - len(self.in_order())

    def in_order(self) -> list[T]:
        """Who is to be asked now, one after the other until one answers."""
        now = self._clock()
        ranked = enumerate(zip(self._members, self._breakers, strict=True))
        return [member for at, (member, breaker) in ranked if at not in self._trying and breaker.admits(now)]

    def worked(self, member: T) -> None:
        self._breakers[self._members.index(member)].worked()

    def failed(self, member: T) -> None:
        at = self._members.index(member)
        self._breakers[at].failed(self._clock())
        if self._trial is not None and self._breakers[at].tried_again_at is not None and at not in self._trying:
            self._trying[at] = asyncio.create_task(self._try(at, self._trial), name="trial")

    def stop(self) -> None:
        """Tries nobody any more."""
        for task in self._trying.values():
            task.cancel()

    async def _try(self, at: int, trial: Callable[[T], Awaitable[None]]) -> None:
        breaker = self._breakers[at]
        try:
            while (again := breaker.tried_again_at) is not None:
                await asyncio.sleep(max(0.0, again - self._clock()))
                breaker.asked(self._clock())
                try:
                    async with asyncio.timeout(breaker.trial_seconds):
                        await trial(self._members[at])
                except (APIError, TimeoutError):
                    breaker.failed(self._clock())
                else:
                    breaker.worked()
                    logger.info("back again", extra={"member": at})
        finally:
            del self._trying[at]  # however the trial ended: then a request is the next one
