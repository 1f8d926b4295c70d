"""When a reviewer's yes covers further calls: within the bounds that were granted, until a time, and no further."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from contracts.approval import Verdict
from contracts.base import Content
from contracts.grants import Bound, GrantScope, GrantTerms
from contracts.records import GrantRecord, ReviewerRecord
from contracts.tools import ToolCall
from policy.approval_state import ApprovalState
from policy.arrival import Arrived
from policy.numbers import number_in, same
from policy.reviewers import authority


def refusal(
    state: ApprovalState, arrived: Arrived, arguments: Content, reviewer: ReviewerRecord | None = None
) -> str | None:
    """Against the grant that a decision asks for beside its yes to those `arguments`; None is nothing against it."""
    if arrived.verdict != Verdict.APPROVE_AND_GRANT:
        return None
    request, known = state.request, json.loads(arguments.body)
    if not request.grant_seconds or request.approvers > 1:
        return f"rule {request.rule_id} lets nobody grant further calls: approve this one alone"
    if _seconds(state, arrived) > request.grant_seconds:
        return f"rule {request.rule_id} lets a grant last {request.grant_seconds:g} s at most"
    for name, bound in _bounds(arrived).items():
        if name not in known:
            return f"the action has no argument {name} that could vary"
        if bound.at_most is not None and number_in(known[name]) is None:
            return f"{name} is no number, so that it cannot be bounded by one"
        most = authority(request.capability, reviewer) if reviewer and name == request.amount_argument else None
        if most is not None and (bound.at_most is None or Decimal(str(bound.at_most)) > most):
            return f"{arrived.reviewer} may let {name} go up to {most} at most"
    return None


def given(state: ApprovalState, arrived: Arrived, now: datetime) -> GrantRecord:
    """The grant of an effective decision that asked for one."""
    request = state.request
    terms = GrantTerms(arguments=json.loads(state.arguments.body), vary=_bounds(arrived))
    return GrantRecord(
        grant_id=f"{request.approval_id}.grant",
        composition=request.composition,
        tool=request.tool,
        capability=request.capability,
        subject_id=request.subject_id,
        session_id=request.session_id,
        scope=GrantScope(arrived.scope or GrantScope.SESSION),
        terms=Content(subject_id=request.subject_id, body=terms.model_dump_json()),
        rule_id=request.rule_id,
        approval_id=request.approval_id,
        digest=state.digest,
        granted_by=arrived.reviewer,
        granted_at=now,
        expires_at=now + timedelta(seconds=_seconds(state, arrived)),
        revision=1,
    )


def covering(grants: Iterable[GrantRecord], call: ToolCall, now: datetime) -> GrantRecord | None:
    """The grant that covers that call at that time, the oldest if several do."""
    arguments = json.loads(call.arguments.body)
    for grant in sorted(grants, key=lambda grant: (grant.granted_at, grant.grant_id)):
        if grant.revoked_at is not None or not grant.granted_at <= now < grant.expires_at:
            continue
        where = (grant.composition, grant.tool, grant.subject_id)
        if where != (call.composition, call.tool, call.subject_id):
            continue
        if grant.scope is GrantScope.SESSION and grant.session_id != call.session_id:
            continue
        if _within(GrantTerms.model_validate_json(grant.terms.body), arguments):
            return grant
    return None


def in_words(grant: GrantRecord) -> str:
    """What it covers beside the very action that was approved, in one line. Names fields and bounds, no content."""
    vary = GrantTerms.model_validate_json(grant.terms.body).vary
    parts = [f"{n} up to {b.at_most:g}" if b.at_most is not None else f"any {n}" for n, b in sorted(vary.items())]
    where = "this call" if grant.scope is GrantScope.SESSION else "every call of this person"
    return f"{grant.tool} with {', '.join(parts) or 'the same arguments'}, in {where}"


def _within(terms: GrantTerms, arguments: dict[str, Any]) -> bool:
    if arguments.keys() != terms.arguments.keys():
        return False
    return all(
        _fits(terms.vary[name], terms.arguments[name], value)
        if name in terms.vary
        else same(value, terms.arguments[name])
        for name, value in arguments.items()
    )


def _fits(bound: Bound, approved: Any, value: Any) -> bool:
    if bound.at_most is None:
        return type(value) is type(approved)
    number, known = number_in(value), number_in(approved)
    if number is None or known is None or number.is_signed() != known.is_signed():
        return False
    return number <= bound.at_most


def _bounds(arrived: Arrived) -> dict[str, Bound]:
    raw: dict[str, Any] = json.loads(arrived.vary or "{}")
    return {name: Bound() if bound == "any" else Bound(at_most=bound["at_most"]) for name, bound in raw.items()}


def _seconds(state: ApprovalState, arrived: Arrived) -> float:
    return arrived.seconds or state.request.grant_seconds
