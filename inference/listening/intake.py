"""Bytes of a live stream to 16 kHz samples, one array a channel."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np

from inference.engines.audio import Resampler, UnreadableAudioError, raw_to_pcm
from inference.engines.base import Pcm16
from inference.listening.options import ListenOptions

_LONGEST_HEADER = 4096


class AudioIntake:
    """Takes the pieces as they come, whatever their length: a sample cut in two waits for its other half."""

    def __init__(self, options: ListenOptions) -> None:
        self._options = options
        self._rest = b""
        self._resamplers: list[Resampler] | None = None
        if options.encoding is not None:
            self._resamplers = [Resampler(options.sample_rate) for _ in range(options.heard_channels)]

    def push(self, data: bytes) -> list[Pcm16]:
        """Samples of each heard channel.

        Raises:
            UnreadableAudioError: No encoding was given, and the stream is no 16 bit WAV either.
        """
        data = self._rest + data
        self._rest = b""
        if self._resamplers is None:
            start = self._read_wav_header(data)
            if start is None:
                self._rest = data
                return []
            data = data[start:]
        assert self._options.encoding is not None and self._resamplers is not None
        width = self._options.channels * (2 if self._options.encoding == "linear16" else 1)
        whole = len(data) // width * width
        data, self._rest = data[:whole], data[whole:]
        samples = raw_to_pcm(data, self._options.encoding).reshape(-1, self._options.channels)
        if self._options.channels > 1 and not self._options.multichannel:
            samples = samples.mean(axis=1, keepdims=True).astype(np.int16)
        return [resampler.convert(samples[:, index]) for index, resampler in enumerate(self._resamplers)]

    def _read_wav_header(self, data: bytes) -> int | None:
        """Where the samples begin, or None if the header is not all there."""
        if len(data) >= 4 and data[:4] != b"RIFF":
            raise UnreadableAudioError("audio without an encoding parameter must be a WAV stream")
        at = 12
        found = False
        while len(data) >= at + 8:
            name, size = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])[0]
            if name == b"data" and found:
                return at + 8
            if name == b"fmt " and len(data) >= at + 24:
                kind, channels, rate, _, _, bits = struct.unpack("<HHIIHH", data[at + 8 : at + 24])
                if kind not in (1, 0xFFFE) or bits != 16 or channels != self._options.channels:
                    raise UnreadableAudioError("the WAV stream must be 16 bit, with as many channels as asked for")
                self._options = replace(self._options, encoding="linear16", sample_rate=rate)
                self._resamplers = [Resampler(rate) for _ in range(self._options.heard_channels)]
                found = True
            at += 8 + size
        if len(data) > _LONGEST_HEADER:
            raise UnreadableAudioError("the WAV header has no end")
        self._resamplers = None
        return None
