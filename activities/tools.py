"""Calls tools through the registry, which checks again what the workflow decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts.tools import ToolCall, ToolOutcome, ToolSpec, ToolStatus


class ToolCaller(Protocol):
    """The tool registry of one composition."""

    async def specs(self, role: str) -> tuple[ToolSpec, ...]: ...
    async def call(self, call: ToolCall) -> ToolOutcome: ...
    async def resolve(self, call: ToolCall) -> ToolOutcome: ...
    async def objection(self, call: ToolCall) -> str | None: ...


class ToolActivities:
    """`registries` by composition id."""

    def __init__(self, registries: Mapping[str, ToolCaller]) -> None:
        self._registries = registries

    @activity.defn(name="tools.call")
    async def call(self, call: ToolCall) -> ToolOutcome:
        """One call whose outcome is final: sent at most once by this attempt, never repeated by a retry of ours.

        Used with one attempt for effects without an idempotency key.
        """
        return await self._registry(call).call(call)

    @activity.defn(name="tools.call_repeatable")
    async def call_repeatable(self, call: ToolCall) -> ToolOutcome:
        """One call that may be repeated: a read, or an effect whose idempotency key makes a repeat harmless.

        Raises ApplicationError `ToolUnavailable` on a failed or unknown outcome, so that Temporal retries it.
        """
        outcome = await self._registry(call).call(call)
        if outcome.status in (ToolStatus.FAILED, ToolStatus.UNKNOWN):
            raise ApplicationError(f"{call.tool}: outcome {outcome.status.value}", type="ToolUnavailable")
        return outcome

    @activity.defn(name="tools.resolve")
    async def resolve(self, call: ToolCall) -> ToolOutcome:
        """Asks the tool's declared look-up whether an effect with unknown outcome happened."""
        return await self._registry(call).resolve(call)

    @activity.defn(name="tools.objection")
    async def objection(self, call: ToolCall) -> str | None:
        """What the registry or the tool's schema has against that call; None is nothing. Nothing is sent."""
        return await self._registry(call).objection(call)

    def _registry(self, call: ToolCall) -> ToolCaller:
        try:
            return self._registries[call.composition]
        except KeyError:
            raise ApplicationError(
                f"no composition {call.composition!r} on this worker", type="UnknownComposition", non_retryable=True
            ) from None
