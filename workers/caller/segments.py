"""Where speech starts and ends in received audio, frame by frame. Pure: time comes in with each frame."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from inference.engines.base import Pcm16

FRAME_SECONDS = 0.02
LEVEL_DBFS = -45.0
"""Comfort noise and concealment of lost packets lie below -60 dBFS; speech is 20 dB above this."""
ONSET_FRAMES = 2
END_SILENCE_SECONDS = 0.9
"""Pauses inside speech are shorter; a person takes the floor after about this long."""
KEPT_BEFORE_SECONDS = 0.3
KEPT_AFTER_SECONDS = 0.3


def level_dbfs(frame: Pcm16) -> float:
    """The RMS level of the frame; -120 for digital silence."""
    rms = float(np.sqrt(np.mean(np.square(frame.astype(np.float32) / 32768.0)))) if len(frame) else 0.0
    return max(-120.0, 20.0 * float(np.log10(rms))) if rms > 0 else -120.0


@dataclass(frozen=True)
class Segment:
    """One stretch of speech. Times in seconds of the clock that the frames came with."""

    pcm: Pcm16
    started: float
    ended: float


class Segmenter:
    """`push` frames of 20 ms with the time that each was received; `tick` when none came for a while."""

    def __init__(self) -> None:
        self._before: deque[Pcm16] = deque(maxlen=round(KEPT_BEFORE_SECONDS / FRAME_SECONDS))
        self._frames: list[Pcm16] = []
        self._loud_run = 0
        self._run_started = 0.0
        self._started: float | None = None
        self._last_loud = 0.0

    @property
    def speaking_since(self) -> float | None:
        """When the running stretch of speech began; None in silence."""
        return self._started

    @property
    def last_loud(self) -> float:
        """When the last audible frame ended; 0 before the first."""
        return self._last_loud

    def push(self, frame: Pcm16, now: float) -> Segment | None:
        """Takes one frame that ended at `now`; gives the stretch of speech that this frame proves to be over."""
        loud = level_dbfs(frame) >= LEVEL_DBFS
        if self._started is None:
            self._before.append(frame)
            if not loud:
                self._loud_run = 0
                return None
            if self._loud_run == 0:
                self._run_started = now - FRAME_SECONDS
            self._loud_run += 1
            if self._loud_run >= ONSET_FRAMES:
                self._started, self._last_loud = self._run_started, now
                self._frames = list(self._before)
                self._before.clear()
            return None
        self._frames.append(frame)
        if loud:
            self._last_loud = now
            return None
        return self.tick(now)

    def tick(self, now: float) -> Segment | None:
        """The stretch of speech that is over at `now`, if any: also when frames stopped coming."""
        if self._started is None or now - self._last_loud < END_SILENCE_SECONDS:
            return None
        return self.cut()

    def cut(self) -> Segment | None:
        """Ends the running stretch here, as when its speaker left."""
        if self._started is None:
            return None
        quiet = max(0.0, len(self._frames) * FRAME_SECONDS - (self._last_loud - self._started) - KEPT_BEFORE_SECONDS)
        surplus = round(max(0.0, quiet - KEPT_AFTER_SECONDS) / FRAME_SECONDS)
        frames = self._frames[: len(self._frames) - surplus] if surplus else self._frames
        segment = Segment(np.concatenate(frames), self._started, self._last_loud)
        self._frames, self._started, self._loud_run = [], None, 0
        return segment
