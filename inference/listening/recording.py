"""A prerecorded file, transcribed as Deepgram answers it."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np

from inference.engines.audio import decode_file, raw_to_pcm, resample
from inference.engines.base import LISTEN_RATE, Pcm16, Transcriber, Transcript, Word
from inference.engines.vad import speech_spans
from inference.listening.options import ListenOptions
from inference.wire.listen import StreamIdentity, alternative

LONGEST_UTTERANCE_SECONDS = 22.0


def read_channels(data: bytes, options: ListenOptions) -> list[Pcm16]:
    """16 kHz samples of each channel to transcribe: one without `multichannel`.

    Raises:
        UnreadableAudioError: The bytes cannot be decoded.
    """
    if options.encoding is None:
        channels = decode_file(data)
    else:
        pcm = raw_to_pcm(data, options.encoding)
        pcm = pcm[: len(pcm) // options.channels * options.channels]
        channels = [resample(column, options.sample_rate) for column in pcm.reshape(-1, options.channels).T]
    if options.multichannel or len(channels) == 1:
        return channels
    return [np.mean(np.stack(channels), axis=0).astype(np.int16)]


def transcribe_recording(
    data: bytes, options: ListenOptions, transcriber: Transcriber, identity: StreamIdentity
) -> tuple[dict[str, Any], float]:
    """The body of the answer, and the seconds of audio. Blocks for about a tenth of them."""
    channels = read_channels(data, options)
    identity.channels = len(channels)
    identity.digest.update(data)
    seconds = max(len(pcm) for pcm in channels) / LISTEN_RATE
    said = [_utterances(pcm, options, transcriber) for pcm in channels]
    results: dict[str, Any] = {
        "channels": [{"alternatives": [_alternative(parts, options)]} for parts in said],
    }
    if options.utterances:
        flat = [_utterance(part, index, options) for index, parts in enumerate(said) for part in parts]
        results["utterances"] = sorted(flat, key=lambda utterance: float(utterance["start"]))
    metadata = identity.metadata(seconds)
    del metadata["type"]
    return {"metadata": metadata, "results": results}, seconds


def _utterances(pcm: Pcm16, options: ListenOptions, transcriber: Transcriber) -> list[Transcript]:
    spans = speech_spans(pcm, silence_seconds=options.utterance_split_seconds, max_seconds=LONGEST_UTTERANCE_SECONDS)
    heard = []
    for span in spans:
        part = transcriber.transcribe(pcm[span.start : span.end])
        offset = span.start / LISTEN_RATE
        words = tuple(Word(word.text, word.start + offset, word.end + offset, word.confidence) for word in part.words)
        if part.text:
            heard.append(Transcript(part.text, words, part.confidence))
    return heard


def _alternative(parts: list[Transcript], options: ListenOptions) -> dict[str, Any]:
    whole = Transcript(
        " ".join(part.text for part in parts),
        tuple(word for part in parts for word in part.words),
        float(np.mean([part.confidence for part in parts])) if parts else 0.0,
    )
    return alternative(whole, 0.0, punctuated=options.punctuated)


def _utterance(part: Transcript, channel: int, options: ListenOptions) -> dict[str, Any]:
    start, end = (part.words[0].start, part.words[-1].end) if part.words else (0.0, 0.0)
    return {
        "start": round(start, 3),
        "end": round(end, 3),
        "channel": channel,
        "id": str(uuid.uuid4()),
        **alternative(part, 0.0, punctuated=options.punctuated),
    }
