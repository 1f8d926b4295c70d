"""The query parameters of `/v1/listen` that this server follows. The rest of Deepgram's is accepted and ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference.engines.audio import RawEncoding

ENCODINGS: tuple[RawEncoding, ...] = ("linear16", "mulaw", "alaw")
SHORTEST_ENDPOINT_SECONDS = 0.3
"""Silence that ends an utterance, at least. Deepgram's nova decodes word by word and can cut after 10 ms; Whisper
needs whole phrases, and the decoding that starts at the first silence takes about this long in any case."""


class BadOptionError(ValueError):
    """A query parameter has a value that Deepgram refuses as well."""


@dataclass(frozen=True, slots=True)
class ListenOptions:
    model: str = "nova-3"
    encoding: RawEncoding | None = None
    """None: the audio is a container that tells by itself."""
    sample_rate: int = 16_000
    channels: int = 1
    multichannel: bool = False
    interim_results: bool = False
    endpoint_seconds: float | None = SHORTEST_ENDPOINT_SECONDS
    """None: silence alone never makes a result speech_final."""
    vad_events: bool = False
    utterance_end_seconds: float | None = None
    punctuated: bool = False
    utterances: bool = False
    utterance_split_seconds: float = 0.8

    @property
    def heard_channels(self) -> int:
        """How many transcripts the audio gives: without `multichannel`, channels are mixed into one."""
        return self.channels if self.multichannel else 1


def parse_options(query: Mapping[str, str]) -> ListenOptions:
    """Read the query of a listen request.

    Raises:
        BadOptionError: Names the parameter and what it may be.
    """
    encoding = query.get("encoding")
    if encoding is not None and encoding not in ENCODINGS:
        raise BadOptionError(f"encoding must be one of {', '.join(ENCODINGS)}")
    if encoding is not None and "sample_rate" not in query and encoding == "linear16":
        raise BadOptionError("sample_rate is required with encoding=linear16")
    interim = _flag(query, "interim_results")
    utterance_end = _number(query, "utterance_end_ms", 1000, 5000)
    if utterance_end is not None and not interim:
        raise BadOptionError("utterance_end_ms needs interim_results=true")
    return ListenOptions(
        model=query.get("model", "nova-3"),
        encoding=encoding,
        sample_rate=int(_number(query, "sample_rate", 8000, 96_000) or (16_000 if encoding != "mulaw" else 8000)),
        channels=int(_number(query, "channels", 1, 8) or 1),
        multichannel=_flag(query, "multichannel"),
        interim_results=interim,
        endpoint_seconds=_endpointing(query),
        vad_events=_flag(query, "vad_events"),
        utterance_end_seconds=None if utterance_end is None else utterance_end / 1000,
        punctuated=_flag(query, "punctuate") or _flag(query, "smart_format"),
        utterances=_flag(query, "utterances"),
        utterance_split_seconds=_number(query, "utt_split", 0.1, 30) or 0.8,
    )


def _endpointing(query: Mapping[str, str]) -> float | None:
    value = query.get("endpointing", "10")
    if value == "false":
        return None
    milliseconds = 10.0 if value == "true" else _number({"endpointing": value}, "endpointing", 0, 10_000)
    assert milliseconds is not None
    return max(SHORTEST_ENDPOINT_SECONDS, milliseconds / 1000)


def _flag(query: Mapping[str, str], name: str) -> bool:
    value = query.get(name, "false").lower()
    if value not in ("true", "false"):
        raise BadOptionError(f"{name} must be true or false")
    return value == "true"


def _number(query: Mapping[str, str], name: str, low: float, high: float) -> float | None:
    if name not in query:
        return None
    try:
        value = float(query[name])
    except ValueError:
        raise BadOptionError(f"{name} must be a number") from None
    if not low <= value <= high:
        raise BadOptionError(f"{name} must be between {low:g} and {high:g}")
    return value
