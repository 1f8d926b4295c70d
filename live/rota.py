"""Who is asked first: those who failed lately come last."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

REST_SECONDS = 20.0
"""How long one that failed is asked only after the others."""

T = TypeVar("T")


class Rota(Generic[T]):
    """In the order of preference. Never empty-handed: when all failed lately, they are asked all the same."""

    def __init__(self, members: Sequence[T], clock: Callable[[], float] = time.monotonic) -> None:
        self._members = list(members)
        self._rests_until = [0.0] * len(self._members)
        self._clock = clock

    def in_order(self) -> list[T]:
        now = self._clock()
        ranked = sorted(range(len(self._members)), key=lambda at: self._rests_until[at] > now)
        return [self._members[at] for at in ranked]

    def worked(self, member: T) -> None:
        self._rests_until[self._members.index(member)] = 0.0

    def failed(self, member: T) -> None:
        self._rests_until[self._members.index(member)] = self._clock() + REST_SECONDS
