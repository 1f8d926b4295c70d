"""Listens to one agent track and tells where its speech starts and ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import numpy as np
from livekit import rtc

from inference.engines.base import LISTEN_RATE
from workers.caller.segments import END_SILENCE_SECONDS, FRAME_SECONDS, Segment, Segmenter

_STALLED_SECONDS = END_SILENCE_SECONDS + 0.2


class Ear:
    """One track of one agent. `on_start(ear, started)` and `on_segment(ear, segment)` are called on the loop."""

    def __init__(
        self,
        identity: str,
        track: rtc.Track,
        *,
        on_start: Callable[[Ear, float], None],
        on_segment: Callable[[Ear, Segment], None],
    ) -> None:
        self.identity = identity
        self.track_sid = track.sid
        self.latency_ms: float | None = None
        """Of the running stretch of speech; kept here for whoever reports it."""
        self._segmenter = Segmenter()
        self._on_start = on_start
        self._on_segment = on_segment
        self._stalled: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._listen(track), name=f"ear {identity}")

    @property
    def hears_speech(self) -> bool:
        return self._segmenter.speaking_since is not None

    @property
    def speaking_since(self) -> float | None:
        return self._segmenter.speaking_since

    @property
    def last_loud(self) -> float:
        """When the last audible frame ended; 0 before the first."""
        return self._segmenter.last_loud

    async def close(self) -> None:
        """Stops listening; a stretch of speech that is under way ends here and is reported."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _listen(self, track: rtc.Track) -> None:
        stream = rtc.AudioStream(
            track, sample_rate=LISTEN_RATE, num_channels=1, frame_size_ms=round(FRAME_SECONDS * 1000)
        )
        try:
            async for event in stream:
                speaking = self.hears_speech
                segment = self._segmenter.push(np.frombuffer(event.frame.data, np.int16), time.monotonic())
                since = self._segmenter.speaking_since
                if not speaking and since is not None:
                    self._on_start(self, since)
                self._report(segment)
                self._watch()
        finally:
            if self._stalled is not None:
                self._stalled.cancel()
            self._report(self._segmenter.cut())
            await stream.aclose()

    def _watch(self) -> None:
        """Frames stop coming when their sender dies: then silence is known by the clock alone."""
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None
        if self.hears_speech:
            loop = asyncio.get_running_loop()
            self._stalled = loop.call_later(
                _STALLED_SECONDS, lambda: self._report(self._segmenter.tick(time.monotonic()))
            )

    def _report(self, segment: Segment | None) -> None:
        if segment is not None:
            self._on_segment(self, segment)
