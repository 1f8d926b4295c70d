"""Whether a call with an effect may be made, and what a signed grant covers: exactly one call, for a short while."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from contracts.approval import ApprovalStage
from contracts.callgrant import CallGrant
from contracts.composition import Composition
from contracts.names import step_approval_id, step_call_id
from contracts.records import ApprovalRecord, GrantRecord, ReviewerRecord
from contracts.rules import EffectTotals
from contracts.tools import ToolCall, ToolDeclaration
from policy import granting, rules
from policy.authority import GateVerdict, action_digest, freed, may_call, may_compensate, rules_about
from policy.reviewers import able

SPARE = timedelta(seconds=20)
"""How much longer than the call itself may take its grant is good."""


class SignedGrant:
    """A grant with the signature of the key `key_id`. It crosses no process boundary, and so it is in no history, no
    record and no log."""

    __slots__ = ("_signature", "grant", "key_id")

    def __init__(self, grant: CallGrant, key_id: str, signature: str) -> None:
        self.grant = grant
        self.key_id = key_id
        self._signature = signature

    @property
    def signature(self) -> str:
        return self._signature

    def __repr__(self) -> str:
        return f"SignedGrant({self.grant.call_id!r}, key {self.key_id!r})"

    def __reduce__(self) -> str:
        raise TypeError("a signed grant stays in its process")


def by_compensation(composition: Composition, call: ToolCall) -> str | None:
    """Why a call may not be made as the undoing of another; None if it may."""
    access = may_compensate(composition, call.role, call.tool, call.compensates or "")
    if not access.allowed:
        return access.reason
    return None if freed(composition, composition.tool(call.tool)) else f"{call.tool} waits for a person"


def by_approval(call: ToolCall, digest: str, approval: ApprovalRecord | None) -> str | None:
    """Why the approval that a call names does not cover it; None if it does.

    An approval is of one call: its id is made of the call's, and it carries no other one of the same arguments.
    """
    if approval is None:
        return f"there is no approval {call.approval_id}"
    if approval.stage is not ApprovalStage.APPROVED:
        return f"approval {approval.approval_id} is {approval.stage.value}"
    where = (approval.composition, approval.tool, approval.subject_id, approval.session_id)
    made_of = (str(call.task_id), str(call.step_id), call.call_id.rpartition("/")[2])
    same_call = (call.call_id, approval.approval_id) == (step_call_id(*made_of), step_approval_id(*made_of))
    if not same_call or where != (call.composition, call.tool, call.subject_id, call.session_id):
        return f"approval {approval.approval_id} is of another call"
    if (approval.edited_digest or approval.digest) != digest:
        return f"approval {approval.approval_id} covers another action than this call of {call.tool}"
    return None


def by_given(
    composition: Composition, call: ToolCall, given: GrantRecord | None, giver: ReviewerRecord | None, now: datetime
) -> str | None:
    """Why a reviewer's grant of further calls does not cover this one; None if it does."""
    if given is None or granting.covering([given], call, now) is None:
        return f"grant {call.grant_id} does not cover this call of {call.tool}"
    if giver is None or not able(given.capability, giver):
        return f"{given.granted_by}, who gave grant {call.grant_id}, may not decide about it any more"
    if call.tainted or not any(rule.grant_seconds for rule in rules_about(composition, call.tool)):
        return f"{call.tool} is asked about each time"
    return None


def by_rules(
    composition: Composition, call: ToolCall, arguments: dict[str, Any], totals: EffectTotals | None, now: datetime
) -> GateVerdict:
    """What the rules say of a call that names no decision of a person."""
    asked = rules.Circumstances(
        arguments=arguments,
        role=call.role,
        subject_id=call.subject_id,
        now=now,
        in_records=call.in_records,
        from_outside=call.tainted,
        done=totals.done if totals else None,
        spent=totals.spent if totals else None,
    )
    return rules.decide(composition, composition.tool(call.tool), asked)


def access(composition: Composition, call: ToolCall) -> str | None:
    """Why that role may not make the call at all; None if it may."""
    if call.composition != composition.id:
        return f"the call is for composition {call.composition!r}, not {composition.id!r}"
    if call.idempotency_key not in (None, call.call_id):
        return "the key of a call is its id: another key would be another effect"
    if call.compensates is not None:
        return None  # asked by `by_compensation`
    verdict = may_call(composition, call.role, call.tool)
    return None if verdict.allowed else verdict.reason


def given_for(tool: ToolDeclaration, call: ToolCall, digest: str, rule_id: str, now: datetime) -> CallGrant:
    """The leave to make that call."""
    return CallGrant(
        call_id=call.call_id,
        composition=call.composition,
        tool=tool.name,
        capability=tool.capability,
        role=call.role,
        subject_id=call.subject_id,
        session_id=call.session_id,
        task_id=call.task_id,
        step_id=call.step_id,
        digest=digest,
        idempotency_key=call.idempotency_key,
        compensates=call.compensates,
        rule_id=rule_id,
        approval_id=call.approval_id,
        given_id=call.grant_id,
        issued_at=now,
        expires_at=now + timedelta(seconds=tool.timeout_seconds) + SPARE,
    )


def objection(
    grant: CallGrant, tool: ToolDeclaration, call: ToolCall, arguments: dict[str, Any], now: datetime
) -> str | None:
    """Why a grant, whose signature is good, is not of this call now; None if it is. Names fields, never values."""
    if not grant.issued_at - SPARE <= now < grant.expires_at:
        return "its grant has expired"
    wanted = given_for(tool, call, action_digest(tool.name, arguments), grant.rule_id, grant.issued_at)
    widened = [name for name in CallGrant.model_fields if getattr(grant, name) != getattr(wanted, name)]
    return f"its grant is of another call: {', '.join(widened)}" if widened else None


def statement(grant: CallGrant, key_id: str) -> str:
    """What is signed: one spelling, in ASCII."""
    return "greenroom/call-grant/1 " + json.dumps(
        {"key": key_id, **grant.model_dump(mode="json")}, sort_keys=True, separators=(",", ":")
    )
