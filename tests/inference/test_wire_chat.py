"""OpenAI's chat wire, through OpenAI's own client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageFunctionToolCall, ChatCompletionToolParam
from server_process import Server, start_server, stop_server

from inference.routes.chat import check_reply
from inference.serving.errors import OpenAIError
from inference.wire.chat import ChatRequest, HouseReply, HouseToolCall
from inference.wire.completion import Completion

pytestmark = pytest.mark.stack

FERRY: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "find_ferry",
        "description": "Find the ferry that leaves for an island on a weekday.",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {
                "island": {"type": "string", "description": "Name of the island"},
                "seats": {"type": "integer", "description": "How many seats"},
            },
            "required": ["island", "seats"],
            "additionalProperties": False,
        },
    },
}
ASK: list[Any] = [{"role": "user", "content": "Find the ferry to the island Skye with 3 seats, please."}]


async def test_plain_and_streamed_answers_are_the_same_text(openai_client: AsyncOpenAI) -> None:
    messages: Any = [{"role": "system", "content": "You are a clerk."}, {"role": "user", "content": "Hello there!"}]
    whole = await openai_client.chat.completions.create(model="house-1", messages=messages)
    assert whole.choices[0].finish_reason == "stop" and whole.choices[0].message.content
    assert whole.usage is not None
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 0

    pieces, usages, reasons = [], [], []
    stream = await openai_client.chat.completions.create(
        model="gpt-4o-mini", messages=messages, stream=True, stream_options={"include_usage": True}
    )
    async for chunk in stream:
        assert chunk.model == "gpt-4o-mini"
        usages.append(chunk.usage)
        for choice in chunk.choices:
            pieces.append(choice.delta.content or "")
            reasons.append(choice.finish_reason)
    assert "".join(pieces) == whole.choices[0].message.content
    assert [reason for reason in reasons if reason] == ["stop"]
    assert usages[:-1] == [None] * (len(usages) - 1) and usages[-1] is not None
    assert usages[-1].completion_tokens == whole.usage.completion_tokens


async def test_a_tool_is_called_with_arguments_that_fit_its_strict_schema(openai_client: AsyncOpenAI) -> None:
    whole = await openai_client.chat.completions.create(
        model="house-1", messages=ASK, tools=[FERRY], tool_choice="required"
    )
    assert whole.choices[0].finish_reason == "tool_calls"
    (call,) = whole.choices[0].message.tool_calls or []
    assert isinstance(call, ChatCompletionMessageFunctionToolCall)
    assert call.function.name == "find_ferry" and call.id.startswith("call_")
    assert set(json.loads(call.function.arguments)) == {"island", "seats"}

    streamed: dict[int, dict[str, str]] = {}
    named: Any = {"type": "function", "function": {"name": "find_ferry"}}
    async for chunk in await openai_client.chat.completions.create(
        model="house-1", messages=ASK, tools=[FERRY], tool_choice=named, stream=True
    ):
        for part in chunk.choices[0].delta.tool_calls or []:
            held = streamed.setdefault(part.index, {"id": "", "name": "", "arguments": ""})
            assert part.function is not None
            held["id"] += part.id or ""
            held["name"] += part.function.name or ""
            held["arguments"] += part.function.arguments or ""
    assert streamed[0]["name"] == "find_ferry"
    assert json.loads(streamed[0]["arguments"]) == json.loads(call.function.arguments)


async def test_tool_choice_none_means_none(openai_client: AsyncOpenAI) -> None:
    whole = await openai_client.chat.completions.create(
        model="house-1", messages=ASK, tools=[FERRY], tool_choice="none"
    )
    assert not whole.choices[0].message.tool_calls and whole.choices[0].message.content


async def test_a_json_schema_is_satisfied(openai_client: AsyncOpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"summary": {"type": "string"}, "urgent": {"type": "boolean"}},
        "required": ["summary", "urgent"],
        "additionalProperties": False,
    }
    form: Any = {"type": "json_schema", "json_schema": {"name": "note", "schema": schema, "strict": True}}
    whole = await openai_client.chat.completions.create(model="house-1", messages=ASK, response_format=form)
    answer = json.loads(whole.choices[0].message.content or "")
    assert set(answer) == {"summary", "urgent"} and isinstance(answer["urgent"], bool)


async def test_pictures_are_accepted(openai_client: AsyncOpenAI) -> None:
    parts: Any = [
        {"type": "text", "text": "Hello, what is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    ]
    whole = await openai_client.chat.completions.create(model="house-1", messages=[{"role": "user", "content": parts}])
    assert whole.choices[0].message.content
    assert whole.usage is not None and whole.usage.prompt_tokens >= 85


async def test_a_token_limit_cuts_the_text_and_says_so(openai_client: AsyncOpenAI) -> None:
    whole = await openai_client.chat.completions.create(
        model="house-1", messages=[{"role": "user", "content": "Hello there!"}], max_completion_tokens=1
    )
    assert whole.choices[0].finish_reason == "length"
    assert len((whole.choices[0].message.content or "").encode()) <= 4


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": [{"role": "user", "content": "x"}]}, "model"),
        ({"model": "house-1", "messages": []}, "messages"),
        ({"model": "house-1", "messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
        ({"model": "house-1", "messages": ASK, "n": 2}, "n"),
        ({"model": "house-1", "messages": ASK, "tool_choice": "required"}, "tool_choice"),
        (
            {"model": "house-1", "messages": ASK, "tools": [FERRY],
             "tool_choice": {"type": "function", "function": {"name": "other"}}},
            "tool_choice",
        ),
        ({"model": "house-1", "messages": ASK, "tools": [FERRY, FERRY]}, "tools"),
    ],
)  # fmt: skip
async def test_wrong_requests_get_openais_error(
    openai_client: AsyncOpenAI, http: httpx.AsyncClient, body: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        await openai_client.post("/chat/completions", body=body, cast_to=object)
    assert error.value.param == param and error.value.type == "invalid_request_error"
    broken = await http.post("/v1/chat/completions", content=b"{nonsense")
    assert broken.status_code == 400 and "error" in broken.json()


async def test_models_are_listed_honestly(openai_client: AsyncOpenAI) -> None:
    models = {model.id: model async for model in openai_client.models.list()}
    assert {"house-1", "tts-1", "whisper-1"} <= set(models)
    assert "no language model" in str((models["house-1"].model_extra or {})["metadata"])
    assert (await openai_client.models.retrieve("gpt-4o-mini")).id == "gpt-4o-mini"
    with pytest.raises(openai.NotFoundError):
        await openai_client.get("/nothing/here", cast_to=object)


@pytest.fixture(scope="module")
def locked_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path: Path = tmp_path_factory.mktemp("locked") / "server.log"
    running = start_server(path, "--api-key", "open sesame")
    yield running
    stop_server(running)


async def test_a_key_is_checked_if_one_is_set_and_faults_are_off_by_default(locked_server: Server) -> None:
    url = f"{locked_server.url}/v1"
    async with AsyncOpenAI(base_url=url, api_key="wrong", max_retries=0) as client:
        for call in (
            client.models.list(),
            client.chat.completions.create(model="house-1", messages=ASK),
            client.audio.speech.create(model="tts-1", voice="alloy", input="x"),
            client.audio.transcriptions.create(model="whisper-1", file=("a.wav", b"x")),
        ):
            with pytest.raises(openai.AuthenticationError) as error:
                await call
            assert error.value.code == "invalid_api_key"
    async with AsyncOpenAI(base_url=url, api_key="open sesame", max_retries=0) as client:
        assert (await client.chat.completions.create(model="house-1", messages=ASK)).choices
    async with httpx.AsyncClient(base_url=locked_server.url) as plain:
        assert (await plain.put("/faults/chat", json={"kind": "error"})).status_code == 404
        assert (await plain.post("/v1/listen", content=b"x")).status_code == 401
        token = {"Authorization": "Token open sesame"}
        assert (await plain.post("/v1/listen", content=b"x", headers=token)).status_code == 400
        assert (await plain.get("/health")).status_code == 200


def test_parallel_calls_stream_under_their_own_index() -> None:
    request = ChatRequest.model_validate({"model": "m", "messages": ASK, "tools": [FERRY], "stream": True})
    calls = [HouseToolCall(name="find_ferry", arguments={"island": name, "seats": 1}) for name in ("Skye", "Mull")]
    completion = Completion(request, HouseReply(tool_calls=calls), clipped=False)
    arguments, ids = {0: "", 1: ""}, {}
    for chunk in completion.chunks():
        for call in chunk["choices"][0]["delta"].get("tool_calls", []):
            arguments[call["index"]] += call["function"]["arguments"]
            if "id" in call:
                ids[call["index"]] = call["id"]
    assert [json.loads(arguments[index])["island"] for index in (0, 1)] == ["Skye", "Mull"]
    assert len(set(ids.values())) == 2


@pytest.mark.parametrize(
    ("reply", "options"),
    [
        (HouseReply(tool_calls=[HouseToolCall(name="other")]), {}),
        (HouseReply(tool_calls=[HouseToolCall(name="find_ferry", arguments={"island": 3})]), {}),
        (
            HouseReply(tool_calls=[HouseToolCall(name="find_ferry", arguments={"island": "Skye", "seats": 1})] * 2),
            {"parallel_tool_calls": False},
        ),
        (
            HouseReply(tool_calls=[HouseToolCall(name="find_ferry", arguments={"island": "Skye", "seats": 1})]),
            {"tool_choice": "none"},
        ),
    ],
)
def test_a_model_that_breaks_the_protocol_is_an_error_not_an_answer(reply: HouseReply, options: dict[str, Any]) -> None:
    request = ChatRequest.model_validate({"model": "m", "messages": ASK, "tools": [FERRY], **options})
    with pytest.raises(OpenAIError) as error:
        check_reply(request, reply)
    assert error.value.status == 500
