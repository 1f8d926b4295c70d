"""Calls as a workflow would make them, and a tool server that answers as a test wishes."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from contracts.base import Content
from contracts.composition import Composition
from contracts.tools import ToolCall, ToolOutcome
from policy.authority import action_digest
from policy.callgrant import SignedGrant, given_for, statement
from store.audit_keys import AuditKeys, make_key
from tools.registry import ToolRegistry
from tools.server import ServerResult, ServerTool, ToolServer

_numbers = itertools.count()


def make_call(tool: str, arguments: dict[str, Any], role: str = "operator", **fields: Any) -> ToolCall:
    return ToolCall(
        call_id=fields.pop("call_id", f"call-{next(_numbers)}"),
        tool=tool,
        arguments=Content(subject_id="ada", body=json.dumps(arguments)),
        role=role,
        composition="support",
        subject_id="ada",
        session_id="session",
        **fields,
    )


def approved(tool: str, arguments: dict[str, Any], key: str, **fields: Any) -> ToolCall:
    """A call that a person has approved as it is."""
    return make_call(
        tool,
        arguments,
        idempotency_key=key,
        approval_id="approval-1",
        approved_digest=action_digest(tool, arguments),
        **fields,
    )


def body(outcome: ToolOutcome) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(outcome.result.body)
    return parsed


def with_tool(composition: Composition, tool_name: str, **changed: Any) -> Composition:
    """The composition with another declaration of one tool."""
    tools = tuple(tool.model_copy(update=changed) if tool.name == tool_name else tool for tool in composition.tools)
    return composition.model_copy(update={"tools": tools})


KEYS = make_key(Path(tempfile.mkdtemp(prefix="tool-calls-")))


class TrustingRegistry(ToolRegistry):
    """Gives every call with an effect its grant, as the authority does for what was decided before."""

    def __init__(self, composition: Composition, servers: Mapping[str, ToolServer]) -> None:
        super().__init__(composition, servers, keys=KEYS)
        self._declared = composition

    async def call(self, call: ToolCall, grant: SignedGrant | None = None) -> ToolOutcome:
        return await super().call(call, grant or signed(self._declared, call))


def signed(composition: Composition, call: ToolCall, keys: AuditKeys = KEYS, **changes: Any) -> SignedGrant | None:
    """The grant of that call, with fields changed before it was signed."""
    try:
        tool, arguments = composition.tool(call.tool), json.loads(call.arguments.body)
        digest = action_digest(call.tool, arguments)
    except (KeyError, ValueError, RecursionError):
        return None
    grant = given_for(tool, call, digest, "a-rule", datetime.now(UTC)).model_copy(update=changes)
    return SignedGrant(grant, keys.key_id, keys.sign(statement(grant, keys.key_id)))


class ScriptedServer:
    """Offers `tools` and answers each call with what `answer` returns or raises. `calls` is what was sent."""

    def __init__(self, tools: tuple[ServerTool, ...], answer: Callable[[str, dict[str, Any]], ServerResult]) -> None:
        self.tools = tools
        self.calls: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
        self._answer = answer

    async def list_tools(self) -> tuple[ServerTool, ...]:
        return self.tools

    async def call(
        self, name: str, arguments: dict[str, Any], *, meta: dict[str, Any], timeout_seconds: float
    ) -> ServerResult:
        self.calls.append((name, arguments, meta))
        return self._answer(name, arguments)

    async def aclose(self) -> None:
        pass
