"""The model's tools: what the registry offers this role, bounded in time, `delegate`, and what it was refused."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from livekit.agents import RunContext, function_tool, llm

from contracts import names
from contracts.base import Content
from contracts.composition import Composition, Role
from contracts.tools import ToolCall, ToolDeclaration, ToolOutcome, ToolRefused, ToolSpec, ToolStatus
from live import delegation, escalation
from live.auditing import Auditing
from live.delegation import CallFacts, Delegation
from live.escalation import Escalating
from policy.authority import may_call
from policy.breaker import Breaker

logger = logging.getLogger("greenroom.live.toolbelt")

NOT_ANSWERED = "the look-up did not answer in time; nothing is known"
DROPPED = "the caller went on to something else; the look-up was given up"


Read = Callable[[ToolDeclaration, ToolCall, ToolOutcome], None]


class Registry(Protocol):
    """The tool registry, as far as a live agent needs it."""

    async def specs(self, role: str) -> Sequence[ToolSpec]: ...
    async def call(self, call: ToolCall) -> ToolOutcome: ...


async def equip(
    registry: Registry,
    facts: CallFacts,
    composition: Composition,
    role: Role,
    refusals: Refusals,
    auditing: Auditing,
    *,
    delegate: Delegation,
    escalating: Escalating,
    patience: float,
) -> list[llm.Tool]:
    """All tools of a live role. `patience`: seconds that the tool servers have to say what they offer."""
    specs, backstage = await asyncio.gather(
        offered(registry, [role.name], patience),
        offered(registry, [other.name for other in composition.backstage_roles()], patience),
    )
    tools = registry_tools(
        registry,
        specs,
        facts=facts,
        composition=composition.id,
        role=role,
        refusals=refusals,
        auditing=auditing,
        read=delegate.has_read,
    )
    if composition.backstage_roles():
        tools.append(delegate_tool(delegate, delegation.description(composition, backstage)))
    if escalating.offered:
        tools.append(person_tool(escalating))
    return tools


async def offered(registry: Registry, roles: Sequence[str], patience: float) -> Sequence[ToolSpec]:
    """What these roles may use. A tool server that is away for `patience` seconds leaves the agent without."""

    async def of(role: str) -> Sequence[ToolSpec]:
        try:
            return await asyncio.wait_for(registry.specs(role), patience)
        except Exception as error:  # noqa: BLE001 (whatever a tool server does, the call must be answered)
            logger.error("tools of role %s are not available: %s", role, type(error).__name__)
            return ()

    return [spec for specs in await asyncio.gather(*map(of, roles)) for spec in specs]


def registry_tools(
    registry: Registry,
    specs: Sequence[ToolSpec],
    *,
    facts: CallFacts,
    composition: str,
    role: Role,
    refusals: Refusals,
    auditing: Auditing,
    read: Read,
) -> list[llm.Tool]:
    """One tool a spec, bounded by its own and the role's `turn_tool_seconds`; a failure is told to the model in words.

    A tool server that was too slow again and again is not waited for on every turn. `read` hears of every result that
    the model is told.
    """
    breakers: dict[str, Breaker] = {}
    return [_turn_tool(registry, spec, facts, composition, role, refusals, auditing, read, breakers) for spec in specs]


class Refusals:
    """Leaves a line for every call that was wanted and not made; a model's made-up name is not repeated."""

    def __init__(
        self, facts: CallFacts, composition: Composition, role: Role, tell: Callable[[ToolRefused], None]
    ) -> None:
        self._facts = facts
        self._composition = composition
        self._role = role
        self._tell = tell

    def not_offered(self, tool: str) -> None:
        """The model called what it was not offered."""
        access = may_call(self._composition, self._role.name, tool)
        self.refused(tool, "not offered to a live role" if access.allowed else access.reason)

    def refused(self, tool: str, reason: str) -> None:
        declared = any(tool == known.name for known in self._composition.tools)
        refusal = ToolRefused(
            refusal_id=names.new_id("refusal"),
            session_id=self._facts.session_id,
            role=self._role.name,
            epoch=self._facts.epoch,
            tool=tool if declared else "undeclared",
            reason=reason if declared else "no such tool is declared",
            at=datetime.now(UTC),
        )
        logger.warning("tool refused", extra={"tool": refusal.tool, "refusal": refusal.refusal_id})
        self._tell(refusal)


def delegate_tool(delegate: Delegation, text: str) -> llm.Tool:
    async def run(raw_arguments: dict[str, object], _ctx: RunContext[Any]) -> str:
        goal = str(raw_arguments.get("goal") or "").strip()
        if not goal:
            return json.dumps({"error": "goal is missing: say in one sentence what is to be done"})
        return await delegate(goal, raw_arguments.get("confirmed") is True)

    return _raw_tool(run, delegation.NAME, text, delegation.PARAMETERS)


def person_tool(escalating: Escalating) -> llm.Tool:
    async def run(raw_arguments: dict[str, object], _ctx: RunContext[Any]) -> str:
        return await escalating(str(raw_arguments.get("reason") or "").strip())

    return _raw_tool(run, escalation.NAME, escalation.DESCRIPTION, escalation.PARAMETERS)


def _turn_tool(
    registry: Registry,
    spec: ToolSpec,
    facts: CallFacts,
    composition: str,
    role: Role,
    refusals: Refusals,
    auditing: Auditing,
    read: Read,
    breakers: dict[str, Breaker],
) -> llm.Tool:
    # No later than the registry itself gives up: to the breaker a late tool would be one that answered.
    patience = min(role.turn_tool_seconds, spec.declaration.timeout_seconds)

    async def run(raw_arguments: dict[str, object], ctx: RunContext[Any]) -> str:
        call = ToolCall(
            call_id=names.new_id("call"),
            tool=spec.name,
            arguments=Content(subject_id=facts.subject_id, body=json.dumps(raw_arguments)),
            role=role.name,
            composition=composition,
            subject_id=facts.subject_id,
            session_id=facts.session_id,
        )
        breaker = breakers.setdefault(spec.declaration.server, Breaker(failures=2))
        if not breaker.admits(time.monotonic()):
            auditing.degraded("no_look_up", f"{spec.name} is not asked: its server was too slow again and again")
            return json.dumps({"error": NOT_ANSWERED})
        breaker.asked(time.monotonic())
        asking = asyncio.create_task(asyncio.wait_for(registry.call(call), patience))
        try:
            await ctx.speech_handle.wait_if_not_interrupted([asking])
        finally:
            dropped = asking.cancel()  # no longer waited for; without effect when it has ended
        if dropped:
            logger.info("look-up dropped", extra={"tool": spec.name, "call": call.call_id})
            return json.dumps({"error": DROPPED})
        try:
            outcome = asking.result()
        except TimeoutError:
            breaker.failed(time.monotonic())
            logger.warning("tool too slow for the turn", extra={"tool": spec.name, "call": call.call_id})
            nothing = Content(subject_id=call.subject_id, body=NOT_ANSWERED)
            late = ToolOutcome(call_id=call.call_id, tool=call.tool, status=ToolStatus.UNKNOWN, result=nothing)
            auditing.tool(call, late)
            return json.dumps({"error": NOT_ANSWERED})
        breaker.worked()
        logger.info("tool", extra={"tool": spec.name, "call": call.call_id, "status": outcome.status.value})
        auditing.tool(call, outcome)
        read(spec.declaration, call, outcome)
        if outcome.status is ToolStatus.REFUSED:
            refusals.refused(spec.name, "refused by the registry")
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
