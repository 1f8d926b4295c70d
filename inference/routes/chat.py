"""`POST /v1/chat/completions`."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator

import jsonschema
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from inference.routes.body import read_body, require_key
from inference.serving.errors import OpenAIError
from inference.serving.fault_gate import pass_faults
from inference.serving.queue import Priority
from inference.serving.services import Services
from inference.serving.streaming import EngineStream
from inference.wire.chat import ChatRequest, HouseReply, JsonSchemaFormat, NamedToolChoice
from inference.wire.completion import Completion
from inference.wire.tokens import clip

logger = logging.getLogger("inference")


def chat_router(services: Services) -> APIRouter:
    router = APIRouter()

    @router.post("/v1/chat/completions")
    async def complete(http: Request) -> Response:
        require_key(services, http)
        track = services.request("chat")
        try:
            request = await read_body(http, ChatRequest)
            refuse_impossible(request)
            fault = await pass_faults(services, "chat", request.model, http, track)
            reply = await services.chat_queue.submit(lambda: services.respond(request), Priority.FINAL)
            check_reply(request, reply)
        except BaseException as error:
            track.finish("refused" if isinstance(error, OpenAIError) and error.status < 500 else "error")
            raise
        reply, clipped = clip(reply, request.max_completion_tokens or request.max_tokens)
        completion = Completion(request, reply, clipped=clipped)
        logger.info(
            "chat %s model=%s messages=%d tools=%d finish=%s tokens=%s seconds=%.4f",
            completion.id,
            request.model,
            len(request.messages),
            len(request.tools or []),
            completion.finish_reason,
            completion.usage["total_tokens"],
            track.seconds,
        )
        headers = {"x-request-id": completion.id}
        if request.stream:
            pieces = _server_sent_events(completion)
            return EngineStream(pieces, request=track, media_type="text/event-stream", fault=fault, headers=headers)
        if fault is not None:
            body = _once(json.dumps(completion.body()).encode())
            return EngineStream(body, request=track, media_type="application/json", fault=fault, headers=headers)
        track.first_output()
        track.finish("ok")
        return JSONResponse(completion.body(), headers=headers)

    return router


def refuse_impossible(request: ChatRequest) -> None:
    """Raises OpenAIError 400 for requests that OpenAI refuses as well."""
    names = [tool.function.name for tool in request.tools or []]
    if request.n not in (None, 1):
        raise OpenAIError(400, "n: this model gives one choice", param="n", code="unsupported_value")
    if request.tool_choice not in (None, "none", "auto") and not names:
        raise OpenAIError(400, "'tool_choice' is only allowed when 'tools' are specified.", param="tool_choice")
    if isinstance(request.tool_choice, NamedToolChoice) and request.tool_choice.function.name not in names:
        raise OpenAIError(400, "tool_choice: no tool of that name is offered", param="tool_choice")
    if len(set(names)) != len(names):
        raise OpenAIError(400, "tools: two tools have the same name", param="tools")
    for tool in request.tools or []:
        _refuse_bad_schema(tool.function.parameters, "tools.function.parameters")
    if isinstance(request.response_format, JsonSchemaFormat):
        _refuse_bad_schema(request.response_format.json_schema.schema_, "response_format.json_schema.schema")


def _refuse_bad_schema(schema: dict[str, object] | None, param: str) -> None:
    try:
        jsonschema.Draft202012Validator.check_schema(schema or {})
    except jsonschema.SchemaError as error:
        raise OpenAIError(400, f"{param}: {error.message}", param=param, code="invalid_json_schema") from None


def check_reply(request: ChatRequest, reply: HouseReply) -> None:
    """Hold the model to what the protocol promises. Raises OpenAIError 500: a broken promise is a fault of ours."""
    offered = {tool.function.name: tool.function for tool in request.tools or []}
    for call in reply.tool_calls:
        function = offered.get(call.name)
        if function is None:
            raise OpenAIError(500, "the model called a tool that was not offered", type="server_error")
        if function.strict:
            _check(call.arguments, function.parameters, f"arguments of {call.name}")
    form = request.response_format
    if isinstance(form, JsonSchemaFormat) and form.json_schema.strict and not reply.tool_calls:
        _check(json.loads(reply.content or "null"), form.json_schema.schema_, "content")
    if reply.tool_calls and request.tool_choice == "none":
        raise OpenAIError(500, "the model called a tool though tool_choice is none", type="server_error")
    if len(reply.tool_calls) > 1 and request.parallel_tool_calls is False:
        raise OpenAIError(500, "the model made several calls though parallel_tool_calls is false", type="server_error")


def _check(value: object, schema: dict[str, object] | None, what: str) -> None:
    try:
        jsonschema.validate(value, schema or {})
    except jsonschema.ValidationError as error:
        where = "/".join(str(part) for part in error.absolute_path)
        raise OpenAIError(
            500, f"the model's {what} break the strict schema at '{where}' ({error.validator})", type="server_error"
        ) from None


async def _server_sent_events(completion: Completion) -> AsyncIterator[bytes]:
    for chunk in completion.chunks():
        yield b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"
    yield b"data: [DONE]\n\n"


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
