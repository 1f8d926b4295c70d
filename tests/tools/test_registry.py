"""What the registry checks and how it reads an answer, with a tool server that does as it is told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tool_calls import ScriptedServer, TrustingRegistry, approved, body, make_call

from contracts.composition import Composition, Role, RoleKind
from contracts.phrases import Phrases
from contracts.rules import ApprovalRule
from contracts.tools import Effect, ToolDeclaration, ToolStatus
from policy.authority import action_digest
from tools.registry import ToolConfigurationError, ToolRegistry
from tools.server import NotSentError, OutcomeUnknownError, RejectedError, ServerResult, ServerTool

OK = ServerResult(body='{"done": true}', data={"done": True})
SCHEMA = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "key": {"type": "string"}},
    "required": ["to", "key"],
    "additionalProperties": False,
}
OFFERED = tuple(ServerTool(name, f"Does {name}", SCHEMA) for name in ("pay", "wave")) + tuple(
    ServerTool(name, f"Does {name}", {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]})
    for name in ("post", "look", "find")
)
TOOLS = (
    ToolDeclaration(name="look", server="s", capability="read"),
    ToolDeclaration(name="find", server="s", capability="read"),
    ToolDeclaration(
        name="pay", server="s", capability="pay", effect=Effect.IRREVERSIBLE, idempotency="key", key_argument="key"
    ),
    ToolDeclaration(
        name="wave", server="s", capability="act", effect=Effect.REVERSIBLE, idempotency="key", key_argument="key"
    ),
    ToolDeclaration(
        name="post",
        server="s",
        capability="act",
        effect=Effect.IRREVERSIBLE,
        lookup="find",
        lookup_arguments=("to",),
    ),
)
COMPOSITION = Composition(
    id="support",
    title="Test",
    phrases=Phrases(greeting="Hello"),
    roles=(
        Role(name="voice", kind=RoleKind.LIVE, instructions="", capabilities=("read", "act")),
        Role(name="operator", kind=RoleKind.BACKSTAGE, instructions="", capabilities=("read", "act", "pay")),
        Role(name="clerk", kind=RoleKind.BACKSTAGE, instructions="", capabilities=("read",)),
    ),
    tools=TOOLS,
    approvals=(
        ApprovalRule(id="free-wave", tool="wave", gate=False, reason="harmless"),
        ApprovalRule(id="free-post", tool="post", gate=False, reason="harmless"),
    ),
)


def answering(answer: ServerResult | Exception) -> ScriptedServer:
    def give(_: str, __: dict[str, Any]) -> ServerResult:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ScriptedServer(OFFERED, give)


def registry(server: ScriptedServer, composition: Composition = COMPOSITION) -> ToolRegistry:
    return TrustingRegistry(composition, {"s": server})


async def test_a_role_is_offered_only_its_tools_and_a_live_one_only_those_without_effect() -> None:
    tools = registry(answering(OK))
    assert [spec.name for spec in await tools.specs("voice")] == ["look", "find"]
    assert [spec.name for spec in await tools.specs("clerk")] == ["look", "find"]
    assert [spec.name for spec in await tools.specs("operator")] == ["look", "find", "pay", "wave", "post"]
    with pytest.raises(KeyError, match="nobody"):
        await tools.specs("nobody")


async def test_a_model_never_sees_the_key_argument() -> None:
    pay = next(spec for spec in await registry(answering(OK)).specs("operator") if spec.name == "pay")
    assert pay.parameters["properties"] == {"to": {"type": "string"}}
    assert pay.parameters["required"] == ["to"]
    assert SCHEMA["required"] == ["to", "key"]


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (make_call("pay", {"to": "x"}, role="clerk"), "does not hold pay"),
        (make_call("look", {"to": "x"}, role="nobody"), "no role 'nobody'"),
        (make_call("steal", {}), "no tool 'steal'"),
        (make_call("look", {"to": "x"}).model_copy(update={"composition": "other"}), "for composition 'other'"),
        (make_call("wave", {"to": "x"}, role="voice", idempotency_key="k"), "role voice is live"),
        (make_call("wave", {"to": "x"}), "needs an idempotency key"),
        (make_call("wave", {"to": "x", "key": "mine"}, idempotency_key="k"), "set by the registry alone"),
        (make_call("wave", {"to": 5}, idempotency_key="k"), "to: 5 is not of type 'string'"),
        (make_call("wave", {}, idempotency_key="k"), "'to' is a required property"),
        (make_call("wave", {"to": "x", "more": 1}, idempotency_key="k"), "'more' was unexpected"),
        (make_call("pay", {"to": "x"}, idempotency_key="k"), "waits for a person's approval"),
        (make_call("pay", {"to": "x"}, idempotency_key="k", approval_id="a"), "waits for a person's approval"),
        (
            make_call(
                "pay",
                {"to": "x"},
                idempotency_key="k",
                approval_id="a",
                approved_digest=action_digest("pay", {"to": "y"}),
            ),
            "covers another action",
        ),
        (
            # A shortened digest is for people's fingers; what runs must name the whole one.
            make_call(
                "pay",
                {"to": "x"},
                idempotency_key="k",
                approval_id="a",
                approved_digest=action_digest("pay", {"to": "x"})[:12],
            ),
            "covers another action",
        ),
    ],
)
async def test_what_is_refused_is_never_sent(call: Any, reason: str) -> None:
    server = answering(OK)
    outcome = await registry(server).call(call)
    assert outcome.status is ToolStatus.REFUSED
    assert reason in body(outcome)["message"]
    assert server.calls == []


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (approved("pay", {"to": "ann"}, "k"), None),
        (approved("pay", {"to": "ann"}, "k").model_copy(update={"approval_id": None, "grant_id": "g"}), None),
        (approved("pay", {"to": "ann"}, "k").model_copy(update={"approval_id": None}), "waits for a person's approval"),
        (make_call("pay", {"to": "ann"}, idempotency_key="k", grant_id="g"), "waits for a person's approval"),
        (
            make_call("pay", {"to": "ann"}, idempotency_key="k", grant_id="g", approved_digest="0" * 64),
            "grant g covers another action than this call of pay",
        ),
        (approved("pay", {"to": 4711}, "k"), "pay would not take it: to must keep to the schema's 'type'"),
        (approved("pay", {}, "k"), "pay would not take it: the arguments must keep to the schema's 'required'"),
        (approved("pay", {"to": "ann", "key": "mine"}, "k"), "set by the registry alone"),
        (approved("pay", {"to": "ann"}, "k", role="clerk"), "does not hold pay"),
    ],
)
async def test_what_would_be_refused_is_told_without_a_value_and_without_sending(call: Any, told: str | None) -> None:
    server = ScriptedServer(OFFERED, lambda name, arguments: OK)
    objection = await ToolRegistry(COMPOSITION, {"s": server}).objection(call)
    assert objection is None if told is None else objection is not None and told in objection
    assert "4711" not in (objection or "") and not server.calls


async def test_arguments_that_are_no_object_are_refused() -> None:
    server = answering(OK)
    for text in ("[1]", "not json", '"x"', "[" * 100_000, '{"a":' * 5000 + "1" + "}" * 5000, '{"to": "\\ud800"}'):
        call = make_call("look", {})
        call = call.model_copy(update={"arguments": call.arguments.model_copy(update={"body": text})})
        assert (await registry(server).call(call)).status is ToolStatus.REFUSED
    assert server.calls == []


async def test_an_approved_call_travels_with_its_key_in_meta_and_argument() -> None:
    server = answering(OK)
    outcome = await registry(server).call(approved("pay", {"to": "x"}, key="k-1"))
    assert outcome.status is ToolStatus.OK
    assert outcome.result.body == OK.body
    assert server.calls == [("pay", {"to": "x", "key": "k-1"}, {"greenroom/idempotency-key": "k-1"})]


@pytest.mark.parametrize(
    ("answer", "read", "effect"),
    [
        (OK, ToolStatus.OK, ToolStatus.OK),
        (NotSentError("down"), ToolStatus.FAILED, ToolStatus.FAILED),
        (RejectedError("no such method"), ToolStatus.FAILED, ToolStatus.FAILED),
        (OutcomeUnknownError("cut"), ToolStatus.FAILED, ToolStatus.UNKNOWN),
        # A server adapter with a mistake in it must not look like a failure that is safe to repeat.
        (ZeroDivisionError(), ToolStatus.FAILED, ToolStatus.UNKNOWN),
        (ServerResult(body="crashed", data=None, is_error=True), ToolStatus.FAILED, ToolStatus.UNKNOWN),
        (ServerResult(body='{"error": "taken"}', data={"error": "taken"}), ToolStatus.OK, ToolStatus.REFUSED),
        (
            ServerResult(body='{"error": "taken"}', data={"error": "taken"}, is_error=True),
            ToolStatus.OK,
            ToolStatus.REFUSED,
        ),
        (ServerResult(body='{"error": null}', data={"error": None}), ToolStatus.OK, ToolStatus.OK),
    ],
)
async def test_what_an_answer_means(answer: Any, read: ToolStatus, effect: ToolStatus) -> None:
    tools = registry(answering(answer))
    assert (await tools.call(make_call("look", {"to": "x"}))).status is read
    assert (await tools.call(make_call("wave", {"to": "x"}, idempotency_key="k"))).status is effect
    assert (await tools.call(make_call("post", {"to": "x"}))).status is effect


async def test_an_effect_without_key_is_sent_at_most_once() -> None:
    server = answering(OutcomeUnknownError("cut"))
    tools = registry(server)
    call = make_call("post", {"to": "x"})
    assert (await tools.call(call)).status is ToolStatus.UNKNOWN
    again = await tools.call(call)
    assert again.status is ToolStatus.UNKNOWN
    assert "was sent before" in body(again)["message"]
    assert len(server.calls) == 1
    assert not tools.may_resend("post")
    assert tools.may_resend("pay")
    assert tools.may_resend("look")


async def test_an_effect_without_key_may_be_sent_again_when_it_surely_did_not_happen() -> None:
    server = answering(NotSentError("down"))
    tools = registry(server)
    call = make_call("post", {"to": "x"})
    assert (await tools.call(call)).status is ToolStatus.FAILED
    assert (await tools.call(call)).status is ToolStatus.FAILED
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"found": True, "at": "noon"}, ToolStatus.OK),
        ({"found": False}, ToolStatus.UNKNOWN),
        ({"found": False, "final": True}, ToolStatus.FAILED),
        ({"found": "yes"}, ToolStatus.UNKNOWN),
        ({"error": "not_found"}, ToolStatus.UNKNOWN),
        (None, ToolStatus.UNKNOWN),
    ],
)
async def test_a_look_up_decides_only_what_it_can_prove(answer: dict[str, Any] | None, status: ToolStatus) -> None:
    server = answering(ServerResult(body=str(answer), data=answer))
    call = make_call("post", {"to": "x", "text": "hello"})
    assert (await registry(server).resolve(call)).status is status
    assert server.calls == [("find", {"to": "x"}, {})]


async def test_without_a_look_up_or_when_it_fails_the_outcome_stays_unknown() -> None:
    down = answering(NotSentError("down"))
    assert (await registry(down).resolve(make_call("post", {"to": "x"}))).status is ToolStatus.UNKNOWN
    server = answering(OK)
    none = await registry(server).resolve(make_call("wave", {"to": "x"}, idempotency_key="k"))
    assert none.status is ToolStatus.UNKNOWN
    assert "a person must check" in body(none)["message"]
    assert server.calls == []


async def test_a_tool_or_a_server_that_is_missing_is_named() -> None:
    server = answering(OK)
    server.tools = tuple(tool for tool in OFFERED if tool.name != "wave")
    with pytest.raises(ToolConfigurationError, match=r"'support' declares tool 'wave', which server 's' does not have"):
        await registry(server).specs("operator")
    outcome = await registry(server).call(make_call("wave", {"to": "x"}, idempotency_key="k"))
    assert outcome.status is ToolStatus.FAILED
    assert "'wave'" in body(outcome)["message"]
    with pytest.raises(ToolConfigurationError, match=r"tool 'look' is on server 's', .* configured: other"):
        ToolRegistry(COMPOSITION, {"other": server})


async def test_an_invalid_schema_is_a_failure_that_names_the_server() -> None:
    server = answering(OK)
    server.tools = (ServerTool("look", "", {"type": "strange"}),)
    outcome = await registry(server).call(make_call("look", {"to": "x"}))
    assert outcome.status is ToolStatus.FAILED
    assert "server s declares an invalid schema for look" in body(outcome)["message"]
    assert server.calls == []


async def test_a_live_role_waits_no_longer_than_its_turn_allows() -> None:
    server = answering(OK)
    limits: list[float] = []

    async def measure(name: str, arguments: dict[str, Any], *, meta: Any, timeout_seconds: float) -> ServerResult:
        limits.append(timeout_seconds)
        return OK

    server.call = measure  # type: ignore[method-assign]
    tools = registry(server)
    await tools.call(make_call("look", {"to": "x"}, role="voice"))
    await tools.call(make_call("look", {"to": "x"}, role="clerk"))
    assert 1.5 < limits[0] <= 2.0
    assert 9.5 < limits[1] <= 10.0


async def test_a_server_that_does_not_list_its_tools_in_time_is_a_failure() -> None:
    server = answering(OK)
    never = asyncio.Event()

    async def hang() -> tuple[ServerTool, ...]:
        await never.wait()
        return ()

    server.list_tools = hang  # type: ignore[method-assign]
    tools = tuple(tool.model_copy(update={"timeout_seconds": 0.05}) for tool in TOOLS)
    outcome = await registry(server, COMPOSITION.model_copy(update={"tools": tools})).call(make_call("look", {}))
    assert outcome.status is ToolStatus.FAILED
    assert server.calls == []


async def test_no_log_line_tells_what_was_said(caplog: pytest.LogCaptureFixture) -> None:
    secret = "Ada Lovelace"
    tools = registry(answering(ServerResult(body=secret, data=None)))
    with caplog.at_level("DEBUG"):
        await tools.call(make_call("look", {"to": secret}))
        await tools.call(make_call("look", {"to": 5, "name": secret}))
    assert "look" in caplog.text
    assert secret not in caplog.text
