"""The messages of Deepgram's `/v1/listen`, as its own clients parse them."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from inference.engines.base import Transcript, Word

MODEL_UUID = str(uuid.uuid5(uuid.NAMESPACE_URL, "house:whisper-tiny.en-int8"))
MODEL_INFO = {"name": "house-whisper-tiny.en", "version": "faster-whisper-1.2.1", "arch": "whisper"}
_EDGE = " \t\"'“”‘’.,;:!?¿¡()[]{}…-"


def plain_word(text: str) -> str:
    """A word as Deepgram writes it without formatting: lower case, no punctuation around it."""
    return text.lower().strip(_EDGE) or text.lower()


def word_body(word: Word, offset: float, *, punctuated: bool) -> dict[str, Any]:
    body: dict[str, Any] = {
        "word": plain_word(word.text),
        "start": round(word.start + offset, 3),
        "end": round(word.end + offset, 3),
        "confidence": round(word.confidence, 4),
    }
    if punctuated:
        body["punctuated_word"] = word.text
    return body


def alternative(heard: Transcript, offset: float, *, punctuated: bool) -> dict[str, Any]:
    """`offset`: seconds from the start of the stream to the start of the audio that was transcribed."""
    text = heard.text if punctuated else " ".join(plain_word(word.text) for word in heard.words)
    return {
        "transcript": text,
        "confidence": round(heard.confidence, 4),
        "words": [word_body(word, offset, punctuated=punctuated) for word in heard.words],
    }


@dataclass
class StreamIdentity:
    """Which request a message belongs to, and what its closing metadata tells."""

    channels: int
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    digest: Any = field(default_factory=hashlib.sha256)

    @property
    def created_text(self) -> str:
        return self.created.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def metadata(self, seconds: float) -> dict[str, Any]:
        """The `Metadata` message that ends a stream, and the `metadata` of a prerecorded answer."""
        return {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": self.request_id,
            "sha256": self.digest.hexdigest(),
            "created": self.created_text,
            "duration": round(seconds, 4),
            "channels": self.channels,
            "models": [MODEL_UUID],
            "model_info": {MODEL_UUID: MODEL_INFO},
        }

    def results(
        self,
        channel: int,
        heard: Transcript,
        *,
        start: float,
        end: float,
        offset: float,
        punctuated: bool,
        is_final: bool,
        speech_final: bool,
        from_finalize: bool,
    ) -> dict[str, Any]:
        """A `Results` message for the audio from `start` to `end`, in seconds of the stream."""
        return {
            "type": "Results",
            "channel_index": [channel, self.channels],
            "duration": round(max(0.0, end - start), 4),
            "start": round(start, 4),
            "is_final": is_final,
            "speech_final": speech_final,
            "channel": {"alternatives": [alternative(heard, offset, punctuated=punctuated)]},
            "metadata": {"request_id": self.request_id, "model_info": MODEL_INFO, "model_uuid": MODEL_UUID},
            "from_finalize": from_finalize,
        }

    def speech_started(self, channel: int, at: float) -> dict[str, Any]:
        return {"type": "SpeechStarted", "channel": [channel, self.channels], "timestamp": round(at, 4)}

    def utterance_end(self, channel: int, last_word_end: float) -> dict[str, Any]:
        return {"type": "UtteranceEnd", "channel": [channel, self.channels], "last_word_end": round(last_word_end, 4)}
