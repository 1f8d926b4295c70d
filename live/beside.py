"""What goes on beside the conversation of one call, as long as it lives."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

logger = logging.getLogger("greenroom.live.beside")


class Beside:
    """A part that fails is logged and ends alone; once `over` is true, failures are no news any more."""

    def __init__(self, over: Callable[[], bool]) -> None:
        self._over = over
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Returns once all parts have ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self._over():
            logger.error("part of the call failed", exc_info=error)
