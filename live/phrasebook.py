"""Scripted words as audio on disk, made ahead of time: they are heard even when no voice answers."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from livekit.agents import tokenize

from contracts.phrases import Phrases
from policy.speakable import speakable

RATE = 24_000
"""Samples a second of mono 16-bit audio, as the speech wire gives it."""
_CHIME_HERTZ = (660.0, 495.0)
_CHIME_SECONDS = 0.25

Synthesize = Callable[[str], bytes]
"""Blocks; gives 24 kHz mono 16-bit audio."""


class Phrasebook:
    """One file a sentence, named by `voice` (service, model and voice in one word) and the words."""

    def __init__(self, folder: Path, voice: str) -> None:
        self._folder = folder
        self._voice = voice

    def audio(self, words: str) -> bytes | None:
        """The words as audio, when they were made. Blocks for the disk."""
        try:
            return self._path(words).read_bytes()
        except FileNotFoundError:
            return None

    def missing(self, phrases: Phrases) -> list[str]:
        return [words for words in sentences(phrases) if not self._path(words).exists()]

    def make(self, words: Iterable[str], synthesize: Synthesize) -> None:
        """Blocks. Raises what `synthesize` raises; what was made before stays."""
        for sentence in words:
            path = self._path(sentence)
            unfinished = path.with_suffix(".new")
            unfinished.write_bytes(synthesize(sentence))
            os.replace(unfinished, path)

    def make_missing(self, phrases: Phrases, synthesize: Synthesize) -> None:
        """Blocks, also while another process of the machine makes them."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.make(self.missing(phrases), synthesize)

    def _path(self, words: str) -> Path:
        said = f"{self._voice}\n{' '.join(words.split())}"
        return self._folder / f"{hashlib.sha256(said.encode()).hexdigest()}.pcm"


def sentences(phrases: Phrases) -> list[str]:
    """What is said as it stands, in the pieces in which it is synthesised, each once."""
    whole = [speakable(words) for words in phrases.model_dump().values() if isinstance(words, str) and "{" not in words]
    cut = tokenize.blingfire.SentenceTokenizer(retain_format=True)
    pieces = [piece.strip() for words in whole for piece in cut.tokenize(words)]
    # The one about the voice itself is never synthesised in a call: it is played as a whole.
    return list(dict.fromkeys(words for words in (speakable(phrases.voiceless), *pieces) if words))


def chime() -> bytes:
    """Two falling tones: something is wrong, and somebody is there. For when not even the phrases were made."""
    moments = np.arange(round(RATE * _CHIME_SECONDS)) / RATE
    fade = np.minimum(1.0, np.minimum(moments, moments[::-1]) / 0.02)
    tones = [np.sin(2 * np.pi * hertz * moments) * fade for hertz in _CHIME_HERTZ]
    return (np.concatenate(tones) * 6000).astype(np.int16).tobytes()
