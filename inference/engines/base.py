"""What a speech engine must do. Routes and in-process users depend on these protocols, never on an engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

LISTEN_RATE = 16_000
"""Samples a second of all audio that a transcriber takes."""
SPEAK_RATE = 24_000
"""Samples a second of all audio that a synthesizer gives."""

Pcm16: TypeAlias = NDArray[np.int16]
"""Mono samples, shape (n,)."""
Samples: TypeAlias = NDArray[np.float32]
"""Mono samples in -1..1, shape (n,)."""


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    """As written, with its punctuation and case."""
    start: float
    """Seconds from the start of the audio."""
    end: float
    confidence: float
    """0..1."""


@dataclass(frozen=True, slots=True)
class Transcript:
    text: str
    """"" when nothing was said."""
    words: tuple[Word, ...] = ()
    confidence: float = 0.0


NOTHING_SAID = Transcript("")


class Transcriber(Protocol):
    """Turns speech into text. Safe to call from several threads; blocks the calling one."""

    def transcribe(self, pcm: Pcm16) -> Transcript:
        """Read mono 16 kHz audio of any length. Silence and noise give an empty transcript, never invented words."""


class Synthesizer(Protocol):
    """Turns text into speech. Safe to call from several threads; each step of the iterator blocks."""

    def synthesize(self, text: str, *, speed: float = 1.0) -> Iterator[Pcm16]:
        """Yield mono 24 kHz audio, a sentence at a time. `speed` 1.0 is the natural pace, 2.0 twice as fast."""
