"""`POST /v1/audio/speech`: streamed a sentence at a time."""

from __future__ import annotations

import base64
import json
import logging
import secrets
from collections.abc import AsyncIterator, Iterator

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import Response

from inference.engines.base import SPEAK_RATE, Pcm16
from inference.engines.encoders import CONTENT_TYPES, AudioFormat, encoder_for
from inference.routes.body import read_body, require_key
from inference.serving.errors import OpenAIError
from inference.serving.fault_gate import pass_faults
from inference.serving.queue import Priority
from inference.serving.services import Services
from inference.serving.streaming import EngineStream
from inference.wire.speech import SpeechRequest
from inference.wire.tokens import count_text

logger = logging.getLogger("inference")
AUDIO_TOKENS_PER_SECOND = 20
SLOWEST, FASTEST = 0.5, 2.0
"""What the voice can do; OpenAI takes 0.25 to 4.0, and beyond its reach the voice does what it can."""


def speech_router(services: Services) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/audio/speech")
    async def speak(http: Request) -> Response:
        require_key(services, http)
        track = services.request("speech")
        try:
            request = await read_body(http, SpeechRequest)
            fault = await pass_faults(services, "speech", request.model, http, track)
        except BaseException as error:
            track.finish("refused" if isinstance(error, OpenAIError) and error.status < 500 else "error")
            raise
        request_id = f"req_{secrets.token_hex(12)}"
        logger.info(
            "speech %s model=%s characters=%d format=%s/%s",
            request_id,
            request.model,
            len(request.input),
            request.response_format,
            request.stream_format,
        )
        sentences = _sentences(services, request)
        sse = request.stream_format == "sse"
        pieces = _events(sentences, request) if sse else _bytes(sentences, request.response_format)
        media_type = "text/event-stream" if sse else CONTENT_TYPES[request.response_format]
        headers = {"x-request-id": request_id}
        return EngineStream(pieces, request=track, media_type=media_type, fault=fault, headers=headers)

    return router


async def _sentences(services: Services, request: SpeechRequest) -> AsyncIterator[Pcm16]:
    speed = min(max(request.speed, SLOWEST), FASTEST)
    source: Iterator[Pcm16] = services.synthesizer.synthesize(request.input, speed=speed)
    while True:
        # One sentence a job: a long reply does not keep others from their first sentence.
        sentence = await services.speech_queue.submit(lambda: next(source, None), Priority.FINAL)
        if sentence is None:
            return
        yield sentence


async def _bytes(sentences: AsyncIterator[Pcm16], audio_format: AudioFormat) -> AsyncIterator[bytes]:
    encoder = encoder_for(audio_format)
    spoken = False
    async for sentence in sentences:
        spoken = True
        if data := encoder.encode(sentence):
            yield data
    if not spoken and (data := encoder.encode(np.zeros(SPEAK_RATE // 10, np.int16))):
        # Nothing to pronounce ("..."): a moment of silence, since players choke on audio of no length.
        yield data
    if data := encoder.finish():
        yield data


async def _events(sentences: AsyncIterator[Pcm16], request: SpeechRequest) -> AsyncIterator[bytes]:
    samples = 0

    async def counted() -> AsyncIterator[Pcm16]:
        nonlocal samples
        async for sentence in sentences:
            samples += len(sentence)
            yield sentence

    async for data in _bytes(counted(), request.response_format):
        yield _event({"type": "speech.audio.delta", "audio": base64.b64encode(data).decode()})
    prompt, audio = count_text(request.input), round(samples / SPEAK_RATE * AUDIO_TOKENS_PER_SECOND)
    usage = {"input_tokens": prompt, "output_tokens": audio, "total_tokens": prompt + audio}
    yield _event({"type": "speech.audio.done", "usage": usage})


def _event(body: dict[str, object]) -> bytes:
    return b"data: " + json.dumps(body).encode() + b"\n\n"
