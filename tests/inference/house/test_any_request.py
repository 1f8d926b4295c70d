"""Whatever is asked, a valid reply comes back: arguments satisfy their tool's schema, structured output parses."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.house import respond
from inference.wire.chat import ChatRequest
from tests.inference.house.toolsets import GREENHOUSE, LIBRARY, OBSERVATORY, SHOP, SHOP_FACTS, VET


def _one_of(words: str) -> st.SearchStrategy[str]:
    return st.sampled_from(words.split())


WORDS = _one_of(
    "please book renew water bed loan seven four one 417 12 tomorrow friday at nine yes no the "
    "my it and then what where "
    "is how much dollars two hundred cat because ill e-mail a@b.co remember that code # $ ? . , "
    "; { } [ ] \" ' \\ \n é 日本 "
    "double point oh past half until for to"
)
SPEECH = st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=60)
SCALARS = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False) | st.text(max_size=20)
KEYS = _one_of("id name status error say amount currency items due_on ok needs_confirmation content type text")
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)
TYPES = st.sampled_from(["string", "integer", "number", "boolean", "array", "object", "null"])
LEAVES = st.one_of(
    st.builds(lambda kind: {"type": kind}, TYPES),
    st.builds(
        lambda choices: {"enum": choices}, st.lists(st.text(max_size=5) | st.integers(0, 9), min_size=1, max_size=3)
    ),
    st.builds(
        lambda low, size: {"type": "integer", "minimum": low, "maximum": low + size},
        st.integers(-9, 9),
        st.integers(0, 9),
    ),
    st.builds(lambda least: {"type": "string", "minLength": least}, st.integers(0, 9)),
    st.sampled_from([{"type": "string", "format": form} for form in ("date", "email", "uuid", "date-time")]),
    st.sampled_from([{"type": "string", "pattern": text} for text in ("^\\d{4}$", "^[A-Z]{3}$", "^x-[a-f0-9]+$")]),
    st.sampled_from([{}, {"const": 4}, {"type": ["string", "null"]}]),
)
NAMES = _one_of("id order steps goal role depends_on summary decisions amount date name note item flag")


def _object(properties: dict[str, Any], all_needed: bool) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties) if all_needed else []}


def _wider(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(
        st.builds(_object, st.dictionaries(NAMES, inner, max_size=4), st.booleans()),
        st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.integers(0, 2)),
        st.builds(lambda one, other: {"anyOf": [one, other]}, inner, inner),
    )


SCHEMAS = st.recursive(LEAVES, _wider, max_leaves=8)
TOOLS = st.lists(
    st.builds(
        lambda name, about, parameters: {
            "type": "function",
            "function": {"name": name, "description": about, "parameters": parameters},
        },
        _one_of("get_thing make_thing send lookupBed x delegate"),
        SPEECH,
        st.builds(_object, st.dictionaries(NAMES, SCHEMAS, max_size=4), st.booleans()),
    ),
    max_size=3,
)
MESSAGES = st.lists(
    st.one_of(
        st.builds(lambda text: {"role": "user", "content": text}, SPEECH),
        st.builds(lambda text: {"role": "assistant", "content": text}, SPEECH),
        st.builds(lambda text: {"role": "system", "content": text}, SPEECH),
        st.builds(lambda value: {"role": "tool", "tool_call_id": "c1", "content": json.dumps(value)}, VALUES),
        st.builds(
            lambda name, arguments: {
                "role": "assistant",
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}}],
            },
            st.sampled_from(["lookup_loan", "water_bed", "delegate", "get_thing"]),
            SPEECH | VALUES.map(json.dumps),
        ),
    ),
    min_size=1,
    max_size=6,
)
QUIET = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def check(body: dict[str, Any]) -> None:
    request = ChatRequest.model_validate({"model": "house-1", **body})
    reply = respond(request)
    assert reply == respond(request), "the same request has the same reply"
    assert reply.content or reply.tool_calls
    schemas = {entry.function.name: entry.function.parameters or {} for entry in reversed(request.tools or [])}
    for call in reply.tool_calls:
        jsonschema.validate(call.arguments, schemas[call.name])
        json.dumps(call.arguments)


@QUIET
@given(MESSAGES, st.sampled_from([GREENHOUSE, LIBRARY, OBSERVATORY, VET, SHOP, LIBRARY + GREENHOUSE + VET]))
def test_any_messages_with_real_tools(messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> None:
    check({"messages": [{"role": "system", "content": SHOP_FACTS}, *messages], "tools": tools})


@QUIET
@given(MESSAGES, TOOLS, st.sampled_from([None, "auto", "none", "required"]))
def test_any_messages_with_any_tools(
    messages: list[dict[str, Any]], tools: list[dict[str, Any]], choice: str | None
) -> None:
    check({"messages": messages, "tools": tools, "tool_choice": choice})


@QUIET
@given(MESSAGES, SCHEMAS)
def test_any_schema_gives_json(messages: list[dict[str, Any]], schema: dict[str, Any]) -> None:
    body = {
        "model": "house-1",
        "messages": messages,
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
    }
    reply = respond(ChatRequest.model_validate(body))
    assert reply.content is not None
    jsonschema.validate(json.loads(reply.content), schema)
