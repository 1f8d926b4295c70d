"""Audio in and out of the engines' formats: decoding, resampling, encoding."""

from __future__ import annotations

import io
import struct
from typing import Literal, cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from inference.engines.base import LISTEN_RATE, SPEAK_RATE, Pcm16

RawEncoding = Literal["linear16", "mulaw", "alaw"]
_RAW_FORMATS: dict[str, str] = {"linear16": "pcm_s16le", "mulaw": "pcm_mulaw", "alaw": "pcm_alaw"}


class UnreadableAudioError(ValueError):
    """The bytes are no audio that can be decoded."""


class Resampler:
    """Mono stream at any rate to 16 kHz. Keeps the filter's state, so one instance serves one stream."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._resampler = None if rate == LISTEN_RATE else av.AudioResampler("s16", "mono", LISTEN_RATE)

    def convert(self, pcm: Pcm16) -> Pcm16:
        if self._resampler is None or not len(pcm):
            return pcm
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(pcm[None, :]), format="s16", layout="mono")
        frame.sample_rate = self._rate
        return _joined(self._resampler.resample(frame))

    def flush(self) -> Pcm16:
        """The samples still inside the filter. The stream is over after this."""
        return np.zeros(0, np.int16) if self._resampler is None else _joined(self._resampler.resample(None))


def _joined(frames: list[av.AudioFrame]) -> Pcm16:
    if not frames:
        return np.zeros(0, np.int16)
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.int16, copy=False)


def resample(pcm: Pcm16, rate: int) -> Pcm16:
    """A whole mono recording at `rate` to 16 kHz."""
    resampler = Resampler(rate)
    return np.concatenate([resampler.convert(pcm), resampler.flush()])


def raw_to_pcm(data: bytes, encoding: RawEncoding) -> Pcm16:
    """Headerless samples to 16 bit. Bytes that do not fill a sample are dropped."""
    if encoding == "linear16":
        return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16, copy=False)
    codec = cast(AudioCodecContext, av.CodecContext.create(_RAW_FORMATS[encoding], "r"))
    codec.sample_rate, codec.layout = 8_000, av.AudioLayout("mono")
    return _joined(list(codec.decode(av.Packet(data)))) if data else np.zeros(0, np.int16)


def decode_file(data: bytes) -> list[Pcm16]:
    """Any container that FFmpeg reads (wav, mp3, ogg, flac, m4a, webm, ...) to 16 kHz, one array a channel.

    Raises:
        UnreadableAudioError: It is none of them, or holds no audio.
    """
    try:
        with av.open(io.BytesIO(data), mode="r", metadata_errors="ignore") as container:
            if not container.streams.audio:
                raise UnreadableAudioError("the file holds no audio")
            stream = container.streams.audio[0]
            channels = stream.codec_context.layout.nb_channels
            resampler = av.AudioResampler("s16p", stream.codec_context.layout, LISTEN_RATE)
            frames = [part.to_ndarray() for frame in container.decode(stream) for part in resampler.resample(frame)]
            frames += [part.to_ndarray() for part in resampler.resample(None)]
    except (av.error.FFmpegError, EOFError) as error:
        raise UnreadableAudioError("the bytes are no audio file that can be decoded") from error
    if not frames:
        return [np.zeros(0, np.int16)] * channels
    joined = np.concatenate(frames, axis=1).astype(np.int16, copy=False)
    return list(joined)


def wav_header(rate: int = SPEAK_RATE, data_bytes: int | None = None) -> bytes:
    """Header of a mono 16 bit WAV. None: of a stream whose length nobody knows yet (sizes 0xFFFFFFFF)."""
    riff = 0xFFFFFFFF if data_bytes is None else 36 + data_bytes
    size = 0xFFFFFFFF if data_bytes is None else data_bytes
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", riff, b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16, b"data", size
    )


def wav_file(pcm: Pcm16, rate: int = SPEAK_RATE) -> bytes:
    return wav_header(rate, len(pcm) * 2) + pcm.astype("<i2").tobytes()
