"""Waits for what a caller goes through."""

from __future__ import annotations

import asyncio
from datetime import datetime

from workers.caller.events import Event

PATIENCE = 20.0
"""Seconds after which a bench gives up waiting."""


class Watcher:
    """Collects a caller's events, and lets one wait for the next of a kind since a moment."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._arrived = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self._events.append(event)
        self._arrived.set()

    async def next(self, kind: type[Event], since: datetime) -> datetime:
        """When the first event of that kind since then happened. Raises TimeoutError after PATIENCE seconds."""
        async with asyncio.timeout(PATIENCE):
            while True:
                found = [e.at for e in self._events if isinstance(e, kind) and e.at >= since]
                if found:
                    return found[0]
                self._arrived.clear()
                await self._arrived.wait()
