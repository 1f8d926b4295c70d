"""Deepgram's `/v1/listen`: live over a WebSocket, prerecorded over POST."""

from __future__ import annotations

import logging
import uuid

from fastapi import APIRouter, Request, WebSocket
from fastapi.responses import JSONResponse, Response

from inference.engines.audio import UnreadableAudioError
from inference.listening.options import BadOptionError, ListenOptions, parse_options
from inference.listening.recording import transcribe_recording
from inference.listening.session import LiveSession
from inference.serving.errors import DeepgramError, OpenAIError
from inference.serving.fault_gate import pass_faults
from inference.serving.faults import Fault
from inference.serving.queue import Priority
from inference.serving.services import Services
from inference.serving.streaming import EngineStream
from inference.wire.listen import StreamIdentity

logger = logging.getLogger("inference")


def listen_router(services: Services) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/listen")
    async def listen_to_recording(http: Request) -> Response:
        identity = StreamIdentity(1)
        _require_key(services, http.headers.get("authorization"), identity.request_id)
        track = services.request("listen")
        try:
            options = _options(http.query_params, identity.request_id)
            data = await http.body()
            _refuse_no_audio(http, data, identity.request_id)
            fault = await pass_faults(services, "listen", options.model, http, track)
            transcriber = services.transcriber
            body, seconds = await services.listen_queue.submit(
                lambda: transcribe_recording(data, options, transcriber, identity), Priority.BATCH
            )
        except OpenAIError as error:  # the fault gate's
            raise DeepgramError(error.status, "FAULT", str(error), identity.request_id) from None
        except UnreadableAudioError as error:
            track.finish("refused")
            raise DeepgramError(400, "Bad Request", f"Bad Request: {error}", identity.request_id) from None
        except BaseException as error:
            track.finish("refused" if isinstance(error, DeepgramError) else "error")
            raise
        logger.info(
            "listen %s model=%s bytes=%d audio=%.2f seconds=%.3f",
            identity.request_id,
            options.model,
            len(data),
            seconds,
            track.seconds,
        )
        answer = JSONResponse(body, headers={"dg-request-id": identity.request_id})
        if fault is not None:
            return EngineStream(_once(bytes(answer.body)), request=track, media_type="application/json", fault=fault)
        track.first_output()
        track.finish("ok")
        return answer

    @router.websocket("/v1/listen")
    async def listen_live(socket: WebSocket) -> None:
        request_id = str(uuid.uuid4())
        track = services.request("listen_live")
        try:
            _require_key(services, socket.headers.get("authorization"), request_id)
            options = _options(socket.query_params, request_id)
            fault = await _handshake_fault(services, options, request_id)
        except DeepgramError as error:
            track.finish("fault" if error.body["err_code"] == "FAULT" else "refused")
            await socket.send_denial_response(JSONResponse(error.body, error.status, headers=error.headers))
            return
        identity = StreamIdentity(options.heard_channels, request_id)
        await socket.accept(headers=[(b"dg-request-id", request_id.encode())])
        logger.info("listen %s model=%s rate=%d open", request_id, options.model, options.sample_rate)
        outcome = await LiveSession(services, socket, options, identity, track).run(fault)
        track.finish(outcome)

    return router


def _options(query: object, request_id: str) -> ListenOptions:
    try:
        return parse_options(dict(query))  # type: ignore[call-overload]
    except BadOptionError as error:
        raise DeepgramError(400, "INVALID_QUERY_PARAMETER", str(error), request_id) from None


def _require_key(services: Services, authorization: str | None, request_id: str) -> None:
    if not services.key_is_good(authorization):
        raise DeepgramError(401, "INVALID_AUTH", "Invalid credentials.", request_id)


def _refuse_no_audio(http: Request, data: bytes, request_id: str) -> None:
    if http.headers.get("content-type", "").startswith("application/json"):
        raise DeepgramError(400, "REMOTE_CONTENT_ERROR", "this server fetches no URL: send the audio", request_id)
    if not data:
        raise DeepgramError(400, "SLOW_UPLOAD", "the request holds no audio", request_id)


async def _handshake_fault(services: Services, options: ListenOptions, request_id: str) -> Fault | None:
    """Errors and delays happen before the connection opens; the other faults need it open."""
    fault = services.faults.take("listen", options.model) if services.faults is not None else None
    if fault is not None and fault.spec.kind == "error":
        raise DeepgramError(fault.spec.status, "FAULT", "fault set for this request", request_id)
    if fault is not None and fault.spec.kind == "delay":
        await fault.wait(1.0)
        return None
    return fault


async def _once(body: bytes):  # type: ignore[no-untyped-def]
    yield body
