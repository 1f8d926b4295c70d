"""Issues the signed grant of a call with an effect, after asking the records and the rules again.

It believes no caller: whatever a workflow, or somebody who asks for an activity, says of an approval is looked up.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from contracts.composition import Composition
from contracts.records import ApprovalRecord, EffectEntry, GrantRecord, ReviewerRecord
from contracts.tools import Effect, ToolCall
from policy import callgrant, counting, rules
from policy.authority import GateVerdict, action_digest
from policy.callgrant import SignedGrant


class AuthorityRecords(Protocol):
    """The records as far as they tell who allowed what. Methods block; they are called in threads."""

    def approval(self, approval_id: str) -> ApprovalRecord | None: ...
    def grant(self, grant_id: str) -> GrantRecord | None: ...
    def reviewer(self, name: str) -> ReviewerRecord | None: ...
    def note_effect(
        self, entry: EffectEntry, *, since: datetime, decide: Callable[[Sequence[EffectEntry]], GateVerdict]
    ) -> GateVerdict: ...
    def strike_effect(self, call_id: str, at: datetime) -> None: ...


class SigningKeys(Protocol):
    @property
    def key_id(self) -> str: ...
    def sign(self, statement: str) -> str: ...


class CallAuthority:
    """The only one that signs. `clock` tells the time in UTC."""

    def __init__(
        self,
        compositions: Mapping[str, Composition],
        records: AuthorityRecords,
        keys: SigningKeys,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._compositions = compositions
        self._records = records
        self._keys = keys
        self._clock = clock

    async def issue(self, call: ToolCall) -> SignedGrant | str | None:
        """The grant of a call; why there is none, in words without content; None for a call that needs none.

        Raises what the records raise when they cannot be asked.
        """
        composition = self._compositions.get(call.composition)
        if composition is None:
            return f"there is no composition {call.composition!r}"
        if (refusal := callgrant.access(composition, call)) is not None:
            return refusal
        try:
            tool = composition.tool(call.tool)
            arguments = json.loads(call.arguments.body)
        except (KeyError, ValueError, RecursionError):
            return f"{call.tool!r} cannot be called like that"
        if tool.effect is Effect.NONE:
            return None
        if not isinstance(arguments, dict):
            return f"the arguments of {tool.name} are no object"
        now, digest = self._clock(), action_digest(tool.name, arguments)
        verdict = await asyncio.to_thread(self._verdict, composition, call, arguments, digest, now)
        if verdict.gated:
            return f"{tool.name} may not be called: {verdict.reason}"
        grant = callgrant.given_for(tool, call, digest, verdict.rule_id, now)
        key_id = self._keys.key_id
        return SignedGrant(grant, key_id, self._keys.sign(callgrant.statement(grant, key_id)))

    async def not_used(self, given: SignedGrant) -> None:
        """The call had no effect: what was noted with this grant, and nothing else, counts no more.

        Raises what the records raise.
        """
        await asyncio.to_thread(self._records.strike_effect, given.grant.call_id, given.grant.issued_at)

    def _verdict(
        self, composition: Composition, call: ToolCall, arguments: dict[str, object], digest: str, now: datetime
    ) -> GateVerdict:
        refusal: str | None
        if call.compensates is not None:
            rule_id, refusal = "compensation", callgrant.by_compensation(composition, call)
        elif call.approval_id is not None:
            approval = self._records.approval(call.approval_id)
            rule_id, refusal = approval.rule_id if approval else "", callgrant.by_approval(call, digest, approval)
        elif call.grant_id is not None:
            given = self._records.grant(call.grant_id)
            giver = self._records.reviewer(given.granted_by) if given else None
            refusal = callgrant.by_given(composition, call, given, giver, now)
            rule_id = given.rule_id if given else ""
        else:
            return self._by_rules(composition, call, arguments, now)
        return GateVerdict(gated=refusal is not None, rule_id=rule_id, reason=refusal or "a person's yes")

    def _by_rules(
        self, composition: Composition, call: ToolCall, arguments: dict[str, object], now: datetime
    ) -> GateVerdict:
        """One that goes free is counted from here on, so that of two at once the second knows of the first."""

        def decide(earlier: Sequence[EffectEntry]) -> GateVerdict:
            # A call that is sent again does not count itself.
            known = counting.totals((entry for entry in earlier if entry.call_id != call.call_id), now)
            return callgrant.by_rules(composition, call, arguments, known, now)

        tool = composition.tool(call.tool)
        if not rules.counts(composition, tool):
            return callgrant.by_rules(composition, call, arguments, None, now)
        return self._records.note_effect(counting.entry(tool, call, now), since=now - counting.LONGEST, decide=decide)
