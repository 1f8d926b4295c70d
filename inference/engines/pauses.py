"""The silence around a synthesised sentence: a voice pauses for breath, and no longer."""

from __future__ import annotations

import numpy as np

from inference.engines.base import SPEAK_RATE, Pcm16

LEAD_SECONDS = 0.05
TAIL_SECONDS = 0.25
"""Kept before the first and after the last sound. Between two sentences that makes 0.3 s, a speaker's pause."""
SOUND_DBFS = -60.0
"""The softest consonants lie above, what an engine puts around a sentence lies below."""
_FRAME = SPEAK_RATE // 100


def with_natural_pauses(pcm: Pcm16) -> Pcm16:
    """The sentence with no more silence around it than a speaker makes; one without any sound stays as it is."""
    frames = pcm[: len(pcm) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float32) / 32768.0
    loud = np.flatnonzero(np.sqrt(np.mean(np.square(frames), axis=1)) >= 10 ** (SOUND_DBFS / 20))
    if not len(loud):
        return pcm
    start = loud[0] * _FRAME - round(LEAD_SECONDS * SPEAK_RATE)
    end = (loud[-1] + 1) * _FRAME + round(TAIL_SECONDS * SPEAK_RATE)
    return pcm[max(0, start) : end]
