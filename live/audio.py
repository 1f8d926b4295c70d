"""Synthesised audio on its way to the caller."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator

import numpy as np
from livekit import rtc

SOUND_LEVEL = 300
"""Amplitude (of 32,767) from which a sample counts as sound."""
KEPT_SECONDS = 0.03
LONGEST_LEAD_SECONDS = 1.0


async def without_lead(frames: AsyncIterable[rtc.AudioFrame]) -> AsyncIterator[rtc.AudioFrame]:
    """The same audio without the silence before its first sound: engines put in up to 0.3 s, which nobody should
    wait for. A longer silence is left alone: it is meant."""
    began, skipped = False, 0.0
    async for frame in frames:
        if began:
            yield frame
            continue
        samples = np.frombuffer(frame.data, np.int16).reshape(-1, frame.num_channels)
        loud = np.flatnonzero(np.abs(samples.astype(np.int32)).max(axis=1) >= SOUND_LEVEL)
        if not len(loud) and skipped + frame.duration < LONGEST_LEAD_SECONDS:
            skipped += frame.duration
            continue
        began = True
        first = max(0, int(loud[0] - KEPT_SECONDS * frame.sample_rate)) if len(loud) else 0
        rest = np.ascontiguousarray(samples[first:])
        yield rtc.AudioFrame(
            data=rest.tobytes(),
            sample_rate=frame.sample_rate,
            num_channels=frame.num_channels,
            samples_per_channel=len(rest),
        )
