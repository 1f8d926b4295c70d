"""The model's tools: what the registry offers this role, bounded in time, and `delegate`."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from livekit.agents import RunContext, function_tool, llm

from contracts import names
from contracts.base import Content
from contracts.composition import Role
from contracts.tools import ToolCall, ToolOutcome, ToolSpec, ToolStatus
from live import delegation
from live.delegation import CallFacts, Delegation

logger = logging.getLogger("greenroom.live.toolbelt")

NOT_ANSWERED = "the look-up did not answer in time; nothing is known"


class Registry(Protocol):
    """The tool registry, as far as a live agent needs it."""

    async def specs(self, role: str) -> Sequence[ToolSpec]: ...
    async def call(self, call: ToolCall) -> ToolOutcome: ...


async def offered(registry: Registry, roles: Sequence[str], patience: float) -> Sequence[ToolSpec]:
    """What these roles may use. A tool server that is away for `patience` seconds leaves the agent without."""
    specs: list[ToolSpec] = []
    for role in roles:
        try:
            specs += await asyncio.wait_for(registry.specs(role), patience)
        except Exception as error:  # noqa: BLE001 (whatever a tool server does, the call must be answered)
            logger.error("tools of role %s are not available: %s", role, type(error).__name__)
    return specs


def registry_tools(
    registry: Registry, specs: Sequence[ToolSpec], *, facts: CallFacts, composition: str, role: Role
) -> list[llm.Tool]:
    """One tool a spec, each bounded by the role's `turn_tool_seconds`; a failure is told to the model in words."""
    return [_turn_tool(registry, spec, facts, composition, role) for spec in specs]


def delegate_tool(delegate: Delegation, text: str) -> llm.Tool:
    async def run(raw_arguments: dict[str, object], _ctx: RunContext[Any]) -> str:
        goal = str(raw_arguments.get("goal") or "").strip()
        if not goal:
            return json.dumps({"error": "goal is missing: say in one sentence what is to be done"})
        return await delegate(goal, raw_arguments.get("confirmed") is True)

    return _raw_tool(run, delegation.NAME, text, delegation.PARAMETERS)


def _turn_tool(registry: Registry, spec: ToolSpec, facts: CallFacts, composition: str, role: Role) -> llm.Tool:
    async def run(raw_arguments: dict[str, object], _ctx: RunContext[Any]) -> str:
        call = ToolCall(
            call_id=names.new_id("call"),
            tool=spec.name,
            arguments=Content(subject_id=facts.subject_id, body=json.dumps(raw_arguments)),
            role=role.name,
            composition=composition,
            subject_id=facts.subject_id,
            session_id=facts.session_id,
        )
        try:
            outcome = await asyncio.wait_for(registry.call(call), role.turn_tool_seconds)
        except TimeoutError:
            logger.warning("tool too slow for the turn", extra={"tool": spec.name, "call": call.call_id})
            return json.dumps({"error": NOT_ANSWERED})
        logger.info("tool", extra={"tool": spec.name, "call": call.call_id, "status": outcome.status.value})
        if outcome.status is ToolStatus.OK:
            return outcome.result.body
        return json.dumps({"error": outcome.result.body or NOT_ANSWERED})

    return _raw_tool(run, spec.name, spec.description, spec.parameters)


def _raw_tool(
    run: Callable[[dict[str, object], RunContext[Any]], Awaitable[str]],
    name: str,
    text: str,
    parameters: dict[str, Any],
) -> llm.Tool:
    # The framework looks at the parameter names: exactly `raw_arguments` and `ctx`.
    async def tool(raw_arguments: dict[str, object], ctx: RunContext[Any]) -> str:
        return await run(raw_arguments, ctx)

    return function_tool(tool, raw_schema={"name": name, "description": text, "parameters": parameters})
