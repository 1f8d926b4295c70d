"""How often somebody may try to sign in: failures count, by name and by address, within a window."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

WINDOW_SECONDS = 300.0
PER_NAME = 6
PER_ADDRESS = 30
_REMEMBERED = 10_000


class Attempts:
    """`clock` gives seconds. Forgets the oldest first, so that made-up names cannot fill the memory."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: dict[tuple[str, str], deque[float]] = {}

    def wait_seconds(self, name: str, address: str) -> int:
        """0: try. Else how long to wait before the next try."""
        return max(self._wait(("name", name), PER_NAME), self._wait(("address", address), PER_ADDRESS))

    def failed(self, name: str, address: str) -> None:
        for key in (("name", name), ("address", address)):
            times = self._failures.pop(key, deque())
            times.append(self._clock())
            self._failures[key] = times  # last in the order of forgetting
        while len(self._failures) > _REMEMBERED:
            del self._failures[next(iter(self._failures))]

    def succeeded(self, name: str) -> None:
        self._failures.pop(("name", name), None)

    def _wait(self, key: tuple[str, str], most: int) -> int:
        times = self._failures.get(key)
        if times is None:
            return 0
        now = self._clock()
        while times and times[0] <= now - WINDOW_SECONDS:
            times.popleft()
        return 0 if len(times) < most else int(times[-most] + WINDOW_SECONDS - now) + 1
