"""Spoken test material, and how it is compared."""

from __future__ import annotations

import re

import numpy as np

from inference.engines.audio import resample
from inference.engines.base import LISTEN_RATE, SPEAK_RATE, Pcm16
from inference.engines.hibari import HibariSynthesizer

SENTENCES = (
    "Can you please repeat the last part?",
    "I want to speak to a real person.",
    "Please send the confirmation to my email address.",
    "What time do you close on Saturday?",
    "I would like to cancel my subscription today.",
    "No, I did not make that purchase.",
    "Yes, that is correct.",
    "I lost my job last month and I cannot pay the full amount.",
    "Could we set up a payment plan?",
    "Thank you very much, goodbye.",
)


def words(text: str) -> list[str]:
    return re.sub(r"[^a-z0-9' ]", " ", text.lower()).split()


def word_errors(said: str, heard: str) -> int:
    """Edit distance in words."""
    reference, hypothesis = words(said), words(heard)
    row = list(range(len(hypothesis) + 1))
    for i, expected in enumerate(reference, 1):
        diagonal, row[0] = row[0], i
        for j, got in enumerate(hypothesis, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != got))
    return row[-1]


def silence(seconds: float) -> Pcm16:
    return np.zeros(int(seconds * LISTEN_RATE), np.int16)


def noise(seconds: float, *, level: float = 0.05, seed: int = 1) -> Pcm16:
    """Pink noise."""
    count = int(seconds * LISTEN_RATE)
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=count))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    wave = np.fft.irfft(spectrum, count)
    return (wave / wave.std() * level * 32767).clip(-32768, 32767).astype(np.int16)


class Speaker:
    """Says sentences at 16 kHz, cut at the last sound, so that the end of speech is known."""

    def __init__(self) -> None:
        self._engine = HibariSynthesizer()

    def say(self, text: str) -> Pcm16:
        pcm = resample(np.concatenate(list(self._engine.synthesize(text))), SPEAK_RATE)
        return pcm[: int(np.flatnonzero(np.abs(pcm) > 300)[-1])]
