"""Why and when an agent leaves the call: the first reason wins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum


class Reason(StrEnum):
    CALLER_LEFT = "caller_left"
    ENDED = "ended"
    SUPERSEDED = "superseded"
    STOPPED = "stopped"
    """The worker is being stopped while the call goes on: another agent has to take over."""


class Leaving:
    def __init__(self) -> None:
        self._reason: asyncio.Future[Reason] = asyncio.get_running_loop().create_future()
        self._at_once: list[Callable[[Reason], None]] = []

    def at_once(self, callback: Callable[[Reason], None]) -> None:
        """Called in the moment of leaving, before anything is awaited: where a superseded agent falls silent."""
        self._at_once.append(callback)

    def leave(self, reason: Reason) -> None:
        if not self._reason.done():
            self._reason.set_result(reason)
            for callback in self._at_once:
                callback(reason)

    @property
    def left(self) -> bool:
        return self._reason.done()

    async def wait(self) -> Reason:
        return await asyncio.shield(self._reason)
