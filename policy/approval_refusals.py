"""Why a decision about an approval cannot count, in words; None is nothing against it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from contracts.approval import Verdict
from contracts.records import ApprovalRecord, ReviewerRecord
from policy import refusals
from policy.approval_state import ApprovalState
from policy.arrival import Arrived
from policy.authority import MIN_DIGEST, covers
from policy.numbers import number_in
from policy.reviewers import among, authority, eligible, within

MAX_QUESTIONS = 5


def of_decision(state: ApprovalState, arrived: Arrived, reviewer: ReviewerRecord | None, now: datetime) -> str | None:
    """Against anything that this person could say now about that action."""
    request = state.request
    if arrived.problem is not None:
        return arrived.problem
    if (late := refusals.of_time(state, now)) is not None:
        return late
    deciders, amount = state.deciders(now), amount_of(state, arrived)
    delegated = state.only is not None
    person = of_person(arrived.reviewer, reviewer, request.capability, amount, deciders, now, delegated=delegated)
    if person is not None:
        return person
    if len(arrived.digest) < MIN_DIGEST:
        return f"the decision names no action: give the digest shown, at least {MIN_DIGEST} characters"
    if not covers(arrived.digest, state.digest):
        return "the decision covers another action than the one shown"
    return None


def of_person(
    name: str,
    reviewer: ReviewerRecord | None,
    capability: str,
    amount: Decimal | None,
    deciders: Collection[str],
    now: datetime,
    *,
    delegated: bool = False,
) -> str | None:
    """Against any decision of that person about such an action. Nobody named in `deciders` means every reviewer."""
    refusal = refusals.of_person(name, reviewer, now, capability)
    if refusal is not None or reviewer is None:
        return refusal
    if not within(capability, reviewer, amount):
        most = authority(capability, reviewer)
        return f"{name} may decide about {capability} up to {most}, and this is more, or unknown"
    if deciders and not among(deciders, reviewer):
        if delegated:
            return f"delegated: only {' or '.join(deciders)} may decide"
        return f"{name} is none of {', '.join(deciders)}"
    return None


def of_record(
    approval: ApprovalRecord,
    arguments: Mapping[str, object],
    amount_argument: str | None,
    name: str,
    reviewer: ReviewerRecord | None,
    now: datetime,
) -> str | None:
    """The same as far as the records know. `arguments` are the action's own, `amount_argument` names its amount."""
    amount = number_in(arguments.get(amount_argument or ""))
    if reviewer is not None and amount_argument in approval.editable:
        amount = authority(approval.capability, reviewer)  # whoever may edit it down to their bound may decide it
    return of_person(name, reviewer, approval.capability, amount, approval.deciders, now)


def amount_of(state: ApprovalState, arrived: Arrived) -> Decimal | None:
    """Of the action that is decided about: as it is, or as this decision changes it. None where there is none."""
    name = state.request.amount_argument
    if name is None:
        return None
    known = json.loads(state.arguments.body)
    if arrived.arguments is not None:
        known |= json.loads(arrived.arguments)
    return number_in(known.get(name))


def of_steering(
    state: ApprovalState, arrived: Arrived, delegates: Sequence[ReviewerRecord], now: datetime
) -> str | None:
    """Against an extension, a delegation, a claim or a release by someone who may decide."""
    request = state.request
    if arrived.verdict == Verdict.EXTEND:
        left = request.max_extension_seconds - state.climb.extended_seconds
        if (arrived.seconds or 0.0) > left:
            return f"rule {request.rule_id} allows {left:g} s more, {request.max_extension_seconds:g} s in all"
    elif arrived.verdict == Verdict.DELEGATE:
        if not delegates:
            return f"{arrived.to} is neither a reviewer nor a group with one; see 'greenroom reviewers ls'"
        amount = amount_of(state, arrived)
        may = {delegate.name for delegate in delegates if eligible(request.capability, delegate, amount, now)}
        if not may:
            return f"nobody of {arrived.to} may decide about {request.capability} now, at that amount"
        if len(may - set(state.approved_by)) < state.lacking:
            return f"{people(state.lacking)} must approve, and {arrived.to} are not so many"
    elif arrived.verdict == Verdict.ASK and len(state.asked) >= MAX_QUESTIONS:
        return f"the caller was asked {MAX_QUESTIONS} questions already: decide, delegate, or take it over"
    return refusals.of_claim(state, arrived)


def of_repeat(state: ApprovalState, arrived: Arrived, *, edits: bool) -> str | None:
    """Against a second yes by the same person to the same action."""
    if Verdict(arrived.verdict).approves and not edits and arrived.reviewer in state.approved_by:
        return f"{arrived.reviewer} has approved already: {people(state.lacking)} must approve too"
    return None


def people(number: int) -> str:
    return "another person" if number == 1 else f"{number} other people"
