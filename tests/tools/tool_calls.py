"""Calls as a workflow would make them, and a tool server that answers as a test wishes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

from contracts.base import Content
from contracts.composition import Composition
from contracts.tools import ToolCall, ToolOutcome
from policy.authority import action_digest
from tools.server import ServerResult, ServerTool

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
