"""The only way to a tool: checks who calls, what was approved and what is sent, and tells what came of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from contracts.composition import Composition, RoleKind
from contracts.tools import Effect, ToolCall, ToolDeclaration, ToolOutcome, ToolSpec, ToolStatus
from policy.authority import action_digest, may_be_freed, may_call, may_compensate, tools_of
from policy.callgrant import SignedGrant, objection, statement
from tools import pins
from tools.ledger import ProcessSendLedger, SendLedger
from tools.outcomes import arguments_of, outcome_of, status_of, told
from tools.schema import SchemaError, fault, problem, without
from tools.server import NotSentError, RejectedError, ServerTool, ToolServer, ToolServerError

log = logging.getLogger(__name__)

KEY_IN_META = "greenroom/idempotency-key"


class ToolConfigurationError(Exception):
    """A composition and its tool servers do not fit together. The message names both."""


class UnreviewedToolError(ToolConfigurationError):
    """A server describes a tool otherwise than it was reviewed."""


class VerifyingKeys(Protocol):
    def verify(self, key_id: str, statement: str, signature: str) -> bool: ...


class ToolRegistry:
    """The tools of one composition. The same object serves the live agent and the work backstage.

    Without `keys` no effect happens: there is nothing to check a grant with.

    Raises ToolConfigurationError when a tool's server is not among `servers`.
    """

    def __init__(
        self,
        composition: Composition,
        servers: Mapping[str, ToolServer],
        ledger: SendLedger | None = None,
        keys: VerifyingKeys | None = None,
    ) -> None:
        self._composition = composition
        self._servers = servers
        self._ledger = ledger or ProcessSendLedger()
        self._keys = keys
        for tool in composition.tools:
            if tool.server not in servers:
                raise ToolConfigurationError(
                    f"composition {composition.id!r}: tool {tool.name!r} is on server {tool.server!r}, which is not "
                    f"configured; configured: {', '.join(sorted(servers)) or 'none'}"
                )

    async def specs(self, role: str) -> tuple[ToolSpec, ...]:
        """The tools that a role is offered, as its model sees them: without the idempotency key.

        Raises KeyError for an unknown role, ToolConfigurationError for a tool that its server lacks, and
        ToolServerError when a server does not list its tools.
        """
        tools = tools_of(self._composition, role)
        offered = {server: await self._offered(server) for server in sorted({tool.server for tool in tools})}
        found = []
        for tool in tools:
            try:
                found.append(self._spec(tool, offered[tool.server]))
            except UnreviewedToolError as unreviewed:
                log.error("not offered to role %s: %s", role, unreviewed)
        return tuple(found)

    def may_resend(self, tool: str) -> bool:
        """Whether a call with unknown outcome may be sent again, with the same key. Raises KeyError."""
        declared = self._composition.tool(tool)
        return declared.effect is Effect.NONE or declared.idempotency == "key"

    async def call(self, call: ToolCall, grant: SignedGrant | None = None) -> ToolOutcome:
        """Check and send one call. Every end is an outcome; only a cancellation is raised.

        An effect takes a grant of exactly this call, signed and not expired, whoever asks.

        REFUSED: a check here, or the tool's own rules, said no. FAILED: surely nothing happened. UNKNOWN: it may have
        happened; `may_resend` tells whether sending it again is harmless, else ask `resolve`.
        """
        begun = time.monotonic()
        outcome = await self._checked(call, grant)
        log.info(
            "tool call %s: %s for role %s: %s in %.0f ms",
            call.call_id,
            call.tool,
            call.role,
            outcome.status.value,
            (time.monotonic() - begun) * 1000,
        )
        return outcome

    async def resolve(self, call: ToolCall) -> ToolOutcome:
        """Ask the tool's declared look-up whether a call with unknown outcome happened; sends nothing else.

        OK: the look-up found it, and its answer is the result. FAILED: the look-up says that it did not happen and
        cannot happen any more (`{"found": false, "final": true}`). UNKNOWN: anything else; a person must check.
        """
        refusal = self._refusal(call)
        if isinstance(refusal, str):
            return told(call, ToolStatus.REFUSED, "refused", refusal)
        tool, arguments = refusal
        if tool.lookup is None:
            return told(call, ToolStatus.UNKNOWN, "no_lookup", f"{tool.name} declares no look-up: a person must check")
        lookup = self._composition.tool(tool.lookup)
        asked = {name: arguments[name] for name in tool.lookup_arguments if name in arguments}
        try:
            spec = self._spec(lookup, await self._offered(lookup.server))
            if wrong := problem(spec.parameters, asked):
                return told(call, ToolStatus.UNKNOWN, "lookup_failed", f"{lookup.name} cannot be asked: {wrong}")
            answer = await self._servers[lookup.server].call(
                lookup.name, asked, meta={}, timeout_seconds=lookup.timeout_seconds
            )
        except (ToolServerError, ToolConfigurationError, SchemaError) as failure:
            return told(call, ToolStatus.UNKNOWN, "lookup_failed", str(failure))
        found = None if answer.is_error or answer.data is None else answer.data.get("found")
        if found is True:
            return outcome_of(call, ToolStatus.OK, answer.body)
        if found is False and answer.data is not None and answer.data.get("final") is True:
            return told(call, ToolStatus.FAILED, "not_done", f"{lookup.name} says that it did not happen")
        return told(call, ToolStatus.UNKNOWN, "not_proven", f"{lookup.name} does not prove what happened")

    async def objection(self, call: ToolCall) -> str | None:
        """Why that call would be refused, or None; sends nothing. The words name arguments, never their values.

        Raises ToolServerError or ToolConfigurationError when the tool's server cannot tell.
        """
        refusal = self._refusal(call)
        if isinstance(refusal, str):
            return refusal
        tool, arguments = refusal
        spec = self._spec(tool, await self._offered(tool.server))
        broken = fault(spec.parameters, arguments)
        return None if broken is None else f"{tool.name} would not take it: {broken}"

    def _refusal(self, call: ToolCall) -> str | tuple[ToolDeclaration, dict[str, Any]]:
        """Why the call may not be made, or the tool and the arguments if it may."""
        if call.composition != self._composition.id:
            return (
                f"the call is for composition {call.composition!r}, and these are the tools of {self._composition.id!r}"
            )
        if call.compensates is None:
            access = may_call(self._composition, call.role, call.tool)
        else:
            access = may_compensate(self._composition, call.role, call.tool, call.compensates)
        if not access.allowed:
            return access.reason
        tool, role = self._composition.tool(call.tool), self._composition.role(call.role)
        if role.kind is RoleKind.LIVE and tool.effect is not Effect.NONE:
            return f"{tool.name} has an effect, and role {role.name} is live: delegate it"
        arguments = arguments_of(call)
        if arguments is None:
            return f"the arguments of {tool.name} are not a JSON object that can be sent"
        if tool.key_argument is not None and tool.key_argument in arguments:
            return f"{tool.key_argument} of {tool.name} is set by the registry alone"
        if tool.idempotency == "key" and call.idempotency_key is None:
            return f"{tool.name} needs an idempotency key, and the call has none"
        named = call.approval_id is not None or call.grant_id is not None
        if named or not may_be_freed(self._composition, tool):
            if call.approved_digest is None or not named:
                return f"{tool.name} waits for a person's approval, and the call names none"
            if call.approved_digest != action_digest(tool.name, arguments):
                covers = f"approval {call.approval_id}" if call.approval_id else f"grant {call.grant_id}"
                return f"{covers} covers another action than this call of {tool.name}"
        return tool, arguments

    def _not_granted(
        self, tool: ToolDeclaration, call: ToolCall, arguments: dict[str, Any], signed: SignedGrant | None
    ) -> str | None:
        """Why an effect may not happen now, for want of a grant; None if it may."""
        if tool.effect is Effect.NONE:
            return None
        if signed is None or self._keys is None:
            return f"{tool.name} has an effect, and the call carries no grant"
        if not self._keys.verify(signed.key_id, statement(signed.grant, signed.key_id), signed.signature):
            return f"{tool.name} has an effect, and the signature of its grant is not ours"
        wrong = objection(signed.grant, tool, call, arguments, datetime.now(UTC))
        return None if wrong is None else f"{tool.name} has an effect, and {wrong}"

    async def _checked(self, call: ToolCall, grant: SignedGrant | None) -> ToolOutcome:
        refusal = self._refusal(call)
        if isinstance(refusal, str):
            return told(call, ToolStatus.REFUSED, "refused", refusal)
        tool, arguments = refusal
        if (not_granted := self._not_granted(tool, call, arguments, grant)) is not None:
            return told(call, ToolStatus.REFUSED, "not_granted", not_granted)
        role = self._composition.role(call.role)
        limit = (
            min(tool.timeout_seconds, role.turn_tool_seconds) if role.kind is RoleKind.LIVE else tool.timeout_seconds
        )
        deadline = time.monotonic() + limit
        try:
            async with asyncio.timeout(limit):
                spec = self._spec(tool, await self._offered(tool.server))
            wrong = problem(spec.parameters, arguments)
        except TimeoutError:
            return told(call, ToolStatus.FAILED, "not_sent", f"server {tool.server} did not list its tools in time")
        except UnreviewedToolError as unreviewed:
            return told(call, ToolStatus.REFUSED, "not_reviewed", str(unreviewed))
        except (ToolServerError, ToolConfigurationError) as failure:
            return told(call, ToolStatus.FAILED, "not_sent", str(failure))
        except SchemaError as invalid:
            reason = f"server {tool.server} declares an invalid schema for {tool.name}: {invalid.message}"
            return told(call, ToolStatus.FAILED, "not_sent", reason)
        if wrong is not None:
            return told(call, ToolStatus.REFUSED, "invalid_arguments", wrong)
        if self.may_resend(tool.name):
            return await self._sent(call, tool, arguments, deadline)
        if not await self._ledger.claim(call.call_id):
            reason = f"call {call.call_id} of {tool.name} was sent before and is not repeated: ask its look-up"
            return told(call, ToolStatus.UNKNOWN, "sent_before", reason)
        outcome = await self._sent(call, tool, arguments, deadline)
        if outcome.status in (ToolStatus.FAILED, ToolStatus.REFUSED):
            await self._ledger.release(call.call_id)
        return outcome

    async def _sent(
        self, call: ToolCall, tool: ToolDeclaration, arguments: dict[str, Any], deadline: float
    ) -> ToolOutcome:
        meta: dict[str, Any] = {}
        if tool.idempotency == "key":
            meta[KEY_IN_META] = call.idempotency_key
            if tool.key_argument is not None:
                arguments = {**arguments, tool.key_argument: call.idempotency_key}
        has_effect = tool.effect is not Effect.NONE
        try:
            answer = await self._servers[tool.server].call(
                tool.name, arguments, meta=meta, timeout_seconds=max(deadline - time.monotonic(), 0.001)
            )
        except (NotSentError, RejectedError) as failure:
            return told(call, ToolStatus.FAILED, "not_done", str(failure))
        except Exception as failure:  # noqa: BLE001
            # Whatever it was, the request may have left. A read is simply over; an effect may exist.
            status = ToolStatus.UNKNOWN if has_effect else ToolStatus.FAILED
            reason = str(failure) if isinstance(failure, ToolServerError) else type(failure).__name__
            return told(call, status, "no_answer", reason)
        return outcome_of(call, status_of(answer, has_effect), answer.body)

    async def _offered(self, server: str) -> dict[str, ServerTool]:
        return {tool.name: tool for tool in await self._servers[server].list_tools()}

    def _spec(self, tool: ToolDeclaration, offered: Mapping[str, ServerTool]) -> ToolSpec:
        if tool.name not in offered:
            raise ToolConfigurationError(
                f"composition {self._composition.id!r} declares tool {tool.name!r}, which server {tool.server!r} "
                f"does not have; it has: {', '.join(sorted(offered)) or 'none'}"
            )
        found = offered[tool.name]
        if (unreviewed := pins.unreviewed(self._composition, found)) is not None:
            raise UnreviewedToolError(unreviewed)
        return ToolSpec(
            name=tool.name,
            description=found.description,
            parameters=without(found.parameters, tool.key_argument),
            declaration=tool,
        )
