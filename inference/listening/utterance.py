"""Where utterances begin, pause and end: a pure state machine over frames and their speech probabilities."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from inference.engines.base import LISTEN_RATE, Pcm16
from inference.engines.vad import FRAME, FRAME_SECONDS, SILENCE_PROBABILITY, SPEECH_PROBABILITY

ONSET_FRAMES = 2
"""Frames of speech in a row that begin an utterance: one alone is a click."""
PAUSE_FRAMES = 3
"""Frames of silence after which the utterance may be over: decoding starts on suspicion."""
LEAD_FRAMES = 10
"""Frames kept from before the onset: quiet consonants come before the voice."""
MAX_FRAMES = int(22 / FRAME_SECONDS)
_CUT_SEARCH_FRAMES = int(4 / FRAME_SECONDS)


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Audio of an utterance, and where in the stream it lies, in seconds."""

    pcm: Pcm16
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Started:
    at: float


@dataclass(frozen=True, slots=True)
class Paused:
    """It may be over. `clip` is final unless `Resumed` follows."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class Resumed:
    """It was not over."""


@dataclass(frozen=True, slots=True)
class Ended:
    clip: Clip
    silence: float
    """Seconds since the speech stopped."""
    by_silence: bool
    """False: it grew too long and was cut, or was flushed; the speaker may go on."""


Event = Started | Paused | Resumed | Ended


class UtteranceTracker:
    """Follows one channel. `endpoint_seconds` of silence end an utterance."""

    def __init__(self, endpoint_seconds: float) -> None:
        self._endpoint_frames = max(PAUSE_FRAMES + 1, round(endpoint_seconds / FRAME_SECONDS))
        self._clock = 0
        self._lead: deque[Pcm16] = deque(maxlen=LEAD_FRAMES)
        self._frames: list[Pcm16] = []
        self._probabilities: list[float] = []
        self._onset = 0
        self._silence = 0
        self._paused = False
        self.active = False

    @property
    def now(self) -> float:
        """Seconds of audio seen."""
        return self._clock / LISTEN_RATE

    @property
    def paused(self) -> bool:
        return self._paused

    def push(self, frame: Pcm16, probability: float) -> list[Event]:
        """Take the next 512 samples. Returns what happened, in order."""
        self._clock += FRAME
        if not self.active:
            return self._wait_for_onset(frame, probability)
        self._frames.append(frame)
        self._probabilities.append(probability)
        return self._follow(probability)

    def clip(self) -> Clip:
        """The utterance so far."""
        pcm = np.concatenate(self._frames) if self._frames else np.zeros(0, np.int16)
        return Clip(pcm, (self._clock - len(pcm)) / LISTEN_RATE, self.now)

    def flush(self) -> Ended | None:
        """End the utterance that is under way, if one is."""
        if not self.active:
            return None
        return self._end(by_silence=False)

    def _wait_for_onset(self, frame: Pcm16, probability: float) -> list[Event]:
        self._lead.append(frame)
        if probability >= SPEECH_PROBABILITY:
            self._onset += 1
        elif probability < SILENCE_PROBABILITY:
            self._onset = 0
        if self._onset < ONSET_FRAMES:
            return []
        self.active = True
        self._frames = list(self._lead)
        self._probabilities = [0.0] * (len(self._frames) - self._onset) + [1.0] * self._onset
        self._lead.clear()
        self._silence, self._paused = 0, False
        return [Started(self.now - self._onset * FRAME_SECONDS)]

    def _follow(self, probability: float) -> list[Event]:
        if probability >= SPEECH_PROBABILITY:
            self._silence = 0
            if self._paused:
                self._paused = False
                return [Resumed()]
        elif probability < SILENCE_PROBABILITY or self._silence:
            self._silence += 1
        if self._silence >= self._endpoint_frames:
            return [self._end(by_silence=True)]
        if self._silence >= PAUSE_FRAMES and not self._paused:
            self._paused = True
            return [Paused(self.clip())]
        if len(self._frames) >= MAX_FRAMES and not self._paused:
            return [self._cut()]
        return []

    def _end(self, *, by_silence: bool) -> Ended:
        ended = Ended(self.clip(), self._silence * FRAME_SECONDS, by_silence)
        self._lead.extend(self._frames[-min(self._silence, LEAD_FRAMES) :] if self._silence else [])
        self._frames, self._probabilities = [], []
        self._onset, self._silence, self._paused, self.active = 0, 0, False, False
        return ended

    def _cut(self) -> Ended:
        """Split a speech without pauses at its quietest recent frame, and go on with the rest."""
        at = len(self._frames) - _CUT_SEARCH_FRAMES + int(np.argmin(self._probabilities[-_CUT_SEARCH_FRAMES:]))
        rest, rest_probabilities = self._frames[at:], self._probabilities[at:]
        pcm = np.concatenate(self._frames[:at])
        end = (self._clock - len(rest) * FRAME) / LISTEN_RATE
        self._frames, self._probabilities, self._silence = rest, rest_probabilities, 0
        return Ended(Clip(pcm, end - len(pcm) / LISTEN_RATE, end), 0.0, by_silence=False)
