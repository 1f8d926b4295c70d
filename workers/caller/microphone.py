"""A microphone: 20 ms frames in real time, for as long as the call lasts, whether there is speech or not."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from livekit import rtc

from inference.engines.base import SPEAK_RATE, Pcm16
from workers.caller.segments import LEVEL_DBFS, level_dbfs

FRAME = SPEAK_RATE // 50
QUEUE_MS = 100
NOISE_DBFS = -38.0


class MicrophoneMode(StrEnum):
    SPEECH = "speech"
    """Speaks when told to, silent otherwise."""
    SILENCE = "silence"
    """A track that never carries anything."""
    NOISE = "noise"
    """A track of steady noise."""
    OFF = "off"
    """No track at all."""


@dataclass(frozen=True)
class Played:
    """When the first and the last audible sample left the microphone, on the monotonic clock."""

    started: float
    ended: float


@dataclass
class _Utterance:
    frames: list[Pcm16]
    last_audible: int
    done: asyncio.Future[Played]
    started: float = 0.0
    ended: float = 0.0
    position: int = 0


class Microphone:
    """Publishes one track and keeps it fed. One utterance at a time."""

    def __init__(self, mode: MicrophoneMode) -> None:
        self.mode = mode
        self._source: rtc.AudioSource | None = None
        self._pump: asyncio.Task[None] | None = None
        self._utterance: _Utterance | None = None
        self._noise = np.random.default_rng(0)

    @property
    def speaking(self) -> bool:
        return self._utterance is not None

    async def publish(self, room: rtc.Room) -> None:
        if self.mode is MicrophoneMode.OFF:
            return
        self._source = rtc.AudioSource(SPEAK_RATE, 1, queue_size_ms=QUEUE_MS)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, dtx=False)
        await room.local_participant.publish_track(track, options)
        self._pump = asyncio.create_task(self._run(self._source), name="microphone")

    async def play(self, pcm: Pcm16) -> Played:
        """Speaks mono 24 kHz audio and returns when its last audible sample was played. Raises RuntimeError when this
        microphone does not speak, is speaking, or was closed meanwhile."""
        if self.mode is not MicrophoneMode.SPEECH or self._pump is None or self._pump.done():
            raise RuntimeError(f"this microphone cannot speak (mode {self.mode}): use --microphone speech, in a call")
        if self._utterance is not None:
            raise RuntimeError("this microphone is speaking: wait for the end of the utterance")
        frames = [np.pad(f, (0, FRAME - len(f))) for f in (pcm[i : i + FRAME] for i in range(0, len(pcm), FRAME))]
        audible = [i for i, frame in enumerate(frames) if level_dbfs(frame) >= LEVEL_DBFS]
        if not audible:
            raise RuntimeError("there is nothing audible in what was to be said")
        done: asyncio.Future[Played] = asyncio.get_running_loop().create_future()
        self._utterance = _Utterance(frames[audible[0] :], audible[-1] - audible[0], done)
        try:
            return await done
        finally:
            if done.cancelled():
                self._utterance = None

    async def aclose(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        if self._utterance is not None and not self._utterance.done.done():
            self._utterance.done.set_exception(RuntimeError("the microphone was closed in mid-sentence"))
        self._utterance = None
        if self._source is not None:
            await self._source.aclose()

    async def _run(self, source: rtc.AudioSource) -> None:
        silence = np.zeros(FRAME, np.int16)
        while True:
            utterance = self._utterance
            frame = self._background(silence) if utterance is None else utterance.frames[utterance.position]
            # Blocks while the queue is full: this is what makes it real time.
            await source.capture_frame(rtc.AudioFrame(frame.tobytes(), SPEAK_RATE, 1, FRAME))
            if utterance is not None:
                self._advance(utterance, time.monotonic() + source.queued_duration)

    def _advance(self, utterance: _Utterance, frame_ends: float) -> None:
        if utterance.position == 0:
            utterance.started = frame_ends - FRAME / SPEAK_RATE
        if utterance.position == utterance.last_audible:
            utterance.ended = frame_ends
        utterance.position += 1
        if utterance.position > utterance.last_audible:
            self._utterance = None
            loop = asyncio.get_running_loop()
            played = Played(utterance.started, utterance.ended)
            loop.call_later(max(0.0, utterance.ended - time.monotonic()), _resolve, utterance.done, played)

    def _background(self, silence: Pcm16) -> Pcm16:
        if self.mode is not MicrophoneMode.NOISE:
            return silence
        scale = 32768.0 * 10 ** (NOISE_DBFS / 20)
        return np.clip(self._noise.normal(0.0, scale, FRAME), -32768, 32767).astype(np.int16)


def _resolve(done: asyncio.Future[Played], played: Played) -> None:
    if not done.done():
        done.set_result(played)
