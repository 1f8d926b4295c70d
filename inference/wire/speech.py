"""The body of `POST /v1/audio/speech`, and of the transcription endpoint."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from inference.engines.encoders import AudioFormat


class NamedVoice(BaseModel):
    id: str


class SpeechRequest(BaseModel):
    """What a client asks to be spoken. Model and voice may be any: there is one voice."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model: str
    input: str = Field(min_length=1, max_length=4096)
    voice: str | NamedVoice
    response_format: AudioFormat = "mp3"
    speed: float = Field(default=1.0, ge=0.25, le=4.0)
    stream_format: Literal["audio", "sse"] = "audio"
    instructions: str | None = None
    """Accepted and not followed: the voice has one manner."""
