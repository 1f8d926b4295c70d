"""`POST /v1/audio/transcriptions`: a whole file in, its text out."""

from __future__ import annotations

import logging
import secrets
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from inference.engines.audio import UnreadableAudioError, decode_file
from inference.engines.base import LISTEN_RATE, Pcm16, Transcript
from inference.routes.body import require_key
from inference.serving.errors import OpenAIError
from inference.serving.queue import Priority
from inference.serving.services import Services

logger = logging.getLogger("inference")
FORMATS = ("json", "text", "verbose_json")


def transcriptions_router(services: Services) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/audio/transcriptions")
    async def transcribe(
        http: Request,
        file: Annotated[UploadFile, File()],
        model: Annotated[str, Form()],
        response_format: Annotated[str, Form()] = "json",
        stream: Annotated[bool, Form()] = False,
    ) -> Response:
        require_key(services, http)
        track = services.request("transcription")
        try:
            if response_format not in FORMATS:
                raise OpenAIError(400, f"response_format: one of {', '.join(FORMATS)}", param="response_format")
            if stream:
                raise OpenAIError(400, "stream: not offered; Deepgram's wire streams", param="stream")
            data = await file.read()
            heard, seconds = await services.listen_queue.submit(lambda: _read(services, data), Priority.BATCH)
        except UnreadableAudioError as error:
            track.finish("refused")
            raise OpenAIError(400, f"file: {error}", param="file") from None
        except BaseException as error:
            track.finish("refused" if isinstance(error, OpenAIError) else "error")
            raise
        track.first_output()
        track.finish("ok")
        request_id = f"req_{secrets.token_hex(12)}"
        logger.info("transcription %s model=%s audio=%.2f seconds=%.3f", request_id, model, seconds, track.seconds)
        headers = {"x-request-id": request_id}
        if response_format == "text":
            return PlainTextResponse(heard.text + "\n", headers=headers)
        return JSONResponse(_body(heard, seconds, verbose=response_format == "verbose_json"), headers=headers)

    return router


def _read(services: Services, data: bytes) -> tuple[Transcript, float]:
    channels = decode_file(data)
    mono: Pcm16 = np.mean(np.stack(channels), axis=0).astype(np.int16) if len(channels) > 1 else channels[0]
    return services.transcriber.transcribe(mono), len(mono) / LISTEN_RATE


def _body(heard: Transcript, seconds: float, *, verbose: bool) -> dict[str, Any]:
    usage = {"type": "duration", "seconds": round(seconds)}
    if not verbose:
        return {"text": heard.text, "usage": usage}
    words = [{"word": word.text, "start": round(word.start, 3), "end": round(word.end, 3)} for word in heard.words]
    return {
        "task": "transcribe",
        "language": "english",
        "duration": round(seconds, 3),
        "text": heard.text,
        "words": words,
        "segments": [],
        "usage": usage,
    }
