"""Voice activity detection with the Silero model that faster-whisper ships (MIT)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps, get_vad_model

from inference.engines.base import LISTEN_RATE, Pcm16, Samples

FRAME = 512
"""Samples of one decision: 32 ms at 16 kHz."""
FRAME_SECONDS = FRAME / LISTEN_RATE
SPEECH_PROBABILITY = 0.5
SILENCE_PROBABILITY = 0.35
"""Between the two the last decision holds, so that a voice that wavers does not flicker."""
_CONTEXT = 64


def to_samples(pcm: Pcm16) -> Samples:
    return pcm.astype(np.float32) / np.float32(32768.0)


class SpeechDetector:
    """Frame by frame speech probability of one stream. Carries the model's state, so one instance serves one stream."""

    def __init__(self) -> None:
        self._session = get_vad_model().session
        self._h = np.zeros((1, 1, 128), np.float32)
        self._c = np.zeros((1, 1, 128), np.float32)
        self._context = np.zeros(_CONTEXT, np.float32)

    def probability(self, frame: Pcm16) -> float:
        """Probability (0..1) that a frame, shape (512,) at 16 kHz, holds speech. About 0.1 ms."""
        samples = to_samples(frame)
        joined = np.concatenate([self._context, samples])[None, :]
        self._context = samples[-_CONTEXT:]
        output, self._h, self._c = self._session.run(None, {"input": joined, "h": self._h, "c": self._c})
        return float(output.ravel()[0])


def frame_probabilities(pcm: Pcm16) -> Samples:
    """Speech probability of each 32 ms frame of a whole recording, shape (ceil(n / 512),)."""
    padded = np.pad(to_samples(pcm), (0, -len(pcm) % FRAME))
    if not len(padded):
        return np.zeros(0, np.float32)
    return np.asarray(get_vad_model()(padded), np.float32).ravel()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of speech, in samples at 16 kHz."""

    start: int
    end: int


def speech_spans(pcm: Pcm16, *, silence_seconds: float, max_seconds: float) -> list[Span]:
    """Stretches of speech in a recording, apart by at least `silence_seconds`, none longer than `max_seconds`."""
    options = VadOptions(
        threshold=SPEECH_PROBABILITY,
        min_speech_duration_ms=60,
        max_speech_duration_s=max_seconds,
        min_silence_duration_ms=int(silence_seconds * 1000),
        speech_pad_ms=200,
    )
    found = get_speech_timestamps(to_samples(pcm), options, sampling_rate=LISTEN_RATE)
    return [Span(int(span["start"]), int(span["end"])) for span in found]
