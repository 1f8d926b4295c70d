"""Encoders for synthesised speech, fed a sentence at a time."""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Literal, Protocol, cast

import av
import numpy as np
from av.audio.stream import AudioStream

from inference.engines.audio import wav_header
from inference.engines.base import SPEAK_RATE, Pcm16

AudioFormat = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]

CONTENT_TYPES: dict[AudioFormat, str] = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
_CODECS = {"mp3": ("mp3", "libmp3lame"), "opus": ("ogg", "libopus"), "aac": ("adts", "aac"), "flac": ("flac", "flac")}


class Encoder(Protocol):
    """One stream of encoded audio."""

    def encode(self, pcm: Pcm16) -> bytes:
        """Bytes that are ready after these 24 kHz samples: some encoders hold a little back."""

    def finish(self) -> bytes:
        """The last bytes."""


class PcmEncoder:
    """Raw little-endian 16 bit samples, behind a WAV header if wanted."""

    def __init__(self, *, header: bool) -> None:
        self._head = wav_header() if header else b""

    def encode(self, pcm: Pcm16) -> bytes:
        head, self._head = self._head, b""
        return head + pcm.astype("<i2").tobytes()

    def finish(self) -> bytes:
        head, self._head = self._head, b""
        return head


class _Tail(io.RawIOBase):
    """What a muxer wrote since the last look. Without seeking, so it writes nothing that it would mend later."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        chunk = bytes(data)  # type: ignore[call-overload]
        self._parts.append(chunk)
        return len(chunk)

    def take(self) -> bytes:
        data = b"".join(self._parts)
        self._parts.clear()
        return data


class FfmpegEncoder:
    """mp3, Ogg Opus, ADTS AAC or FLAC."""

    def __init__(self, audio_format: AudioFormat) -> None:
        container, codec = _CODECS[audio_format]
        self._tail = _Tail()
        options = {"flush_packets": "1", "page_duration": "100000"} if container == "ogg" else {"flush_packets": "1"}
        self._container = av.open(self._tail, "w", format=container, options=options)
        rate = 48_000 if codec == "libopus" else SPEAK_RATE
        self._stream = cast(AudioStream, self._container.add_stream(codec, rate=rate))
        self._stream.codec_context.layout = av.AudioLayout("mono")
        self._position = 0

    def encode(self, pcm: Pcm16) -> bytes:
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm[None, :]), format="s16", layout="mono")
        frame.sample_rate = SPEAK_RATE
        frame.time_base = Fraction(1, SPEAK_RATE)
        frame.pts = self._position
        self._position += len(pcm)
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        return self._tail.take()

    def finish(self) -> bytes:
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()
        return self._tail.take()


def encoder_for(audio_format: AudioFormat) -> Encoder:
    if audio_format in ("wav", "pcm"):
        return PcmEncoder(header=audio_format == "wav")
    return FfmpegEncoder(audio_format)
