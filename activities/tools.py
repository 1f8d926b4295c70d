"""Calls tools through the registry, which checks again what the workflow decided."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts.base import Content
from contracts.tools import ToolCall, ToolOutcome, ToolSpec, ToolStatus
from policy.callgrant import SignedGrant

logger = logging.getLogger("greenroom.tools")


class ToolCaller(Protocol):
    """The tool registry of one composition."""

    async def specs(self, role: str) -> tuple[ToolSpec, ...]: ...
    async def call(self, call: ToolCall, grant: SignedGrant | None = None) -> ToolOutcome: ...
    async def resolve(self, call: ToolCall) -> ToolOutcome: ...
    async def objection(self, call: ToolCall) -> str | None: ...


class Authority(Protocol):
    async def issue(self, call: ToolCall) -> SignedGrant | str | None: ...
    async def not_used(self, given: SignedGrant) -> None: ...


class AuthorityAway(Exception):
    """The records cannot be asked who allowed what."""


class ToolActivities:
    """`registries` by composition id. The grant of a call is issued here and never leaves the process."""

    def __init__(self, registries: Mapping[str, ToolCaller], authority: Authority) -> None:
        self._registries = registries
        self._authority = authority

    @activity.defn(name="tools.call")
    async def call(self, call: ToolCall) -> ToolOutcome:
        """One call whose outcome is final: sent at most once by this attempt, never repeated by a retry of ours.

        Used with one attempt for effects without an idempotency key.
        """
        try:
            return await self._granted(call)
        except AuthorityAway as away:
            logger.warning("call %s was not sent: %s", call.call_id, away)
            return _told(call, ToolStatus.FAILED, "not_sent", str(away))

    @activity.defn(name="tools.call_repeatable")
    async def call_repeatable(self, call: ToolCall) -> ToolOutcome:
        """One call that may be repeated: a read, or an effect whose idempotency key makes a repeat harmless.

        Raises ApplicationError `ToolUnavailable` on a failed or unknown outcome, so that Temporal retries it.
        """
        outcome = await self._granted(call)
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

    async def _granted(self, call: ToolCall) -> ToolOutcome:
        """Raises AuthorityAway when it cannot be told whether the call may be made: then nothing was sent."""
        registry = self._registry(call)
        try:
            grant = await self._authority.issue(call)
        except Exception as error:
            raise AuthorityAway(f"whether {call.tool} may be called cannot be told: {type(error).__name__}") from error
        if isinstance(grant, str):
            return _told(call, ToolStatus.REFUSED, "not_granted", grant)
        outcome = await registry.call(call, grant)
        if grant is not None and outcome.status in (ToolStatus.REFUSED, ToolStatus.FAILED):
            try:
                await self._authority.not_used(grant)
            except Exception as error:  # noqa: BLE001 (whatever the database has: too much counted is the safe side)
                logger.warning("call %s had no effect and goes on counting: %s", call.call_id, type(error).__name__)
        return outcome

    def _registry(self, call: ToolCall) -> ToolCaller:
        try:
            return self._registries[call.composition]
        except KeyError:
            raise ApplicationError(
                f"no composition {call.composition!r} on this worker", type="UnknownComposition", non_retryable=True
            ) from None


def _told(call: ToolCall, status: ToolStatus, error: str, message: str) -> ToolOutcome:
    body = json.dumps({"error": error, "message": message}, ensure_ascii=False)
    result = Content(subject_id=call.subject_id, body=body)
    return ToolOutcome(call_id=call.call_id, tool=call.tool, status=status, result=result, ours=True)
