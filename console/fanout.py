"""One look-out for many viewers: whatever their number, each thing that is watched is watched once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

STILL_HERE_SECONDS = 15.0
MEDIA_TYPE = "text/event-stream"

Source = Callable[[str], AsyncIterator[None]]
"""Gives one item whenever something changed about the thing of that key; ends when nothing will any more."""


@dataclass
class _Topic:
    """`viewers` are woken by their events."""

    viewers: list[asyncio.Event] = field(default_factory=list)
    version: int = 0
    over: bool = False
    broken: bool = False
    task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        for viewer in self.viewers:
            viewer.set()


class Fanout:
    """Starts a source with its first viewer and ends it after the last one. Changes that nobody took yet are one."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._topics: dict[str, _Topic] = {}

    @property
    def sources(self) -> int:
        """How many things are watched now."""
        return len(self._topics)

    async def events(self, key: str) -> AsyncGenerator[bytes, None]:
        """Server-sent events for one viewer: `changed` at once, and with every change; then `over`."""
        woken = asyncio.Event()
        topic = self._enter(key, woken)
        seen = -1
        try:
            while not topic.broken:  # else it ends without a word, and the browser comes again by itself
                if seen != topic.version:
                    seen = topic.version
                    yield b"event: changed\ndata: {}\n\n"
                elif topic.over:
                    yield b"event: over\ndata: {}\n\n"
                    return
                else:
                    woken.clear()
                    try:
                        async with asyncio.timeout(STILL_HERE_SECONDS):
                            await woken.wait()
                    except TimeoutError:
                        yield b": still here\n\n"  # finds out whether the viewer is
        finally:
            self._leave(key, topic, woken)

    def _enter(self, key: str, woken: asyncio.Event) -> _Topic:
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = _Topic()
            topic.task = asyncio.create_task(self._watch(key, topic))
        topic.viewers.append(woken)
        return topic

    def _leave(self, key: str, topic: _Topic, woken: asyncio.Event) -> None:
        topic.viewers.remove(woken)
        if not topic.viewers and self._topics.get(key) is topic:
            del self._topics[key]
            if topic.task is not None:
                topic.task.cancel()

    async def _watch(self, key: str, topic: _Topic) -> None:
        try:
            async for _ in self._source(key):
                topic.version += 1
                topic.wake()
        except Exception:
            log.exception("what viewers watch cannot be watched")
            topic.broken = True
            self._topics.pop(key, None)  # whoever comes next tries anew
        topic.over = True
        topic.wake()
