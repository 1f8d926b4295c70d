"""The state machine of one approval: at most one effective decision, and every other one refused with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from contracts.approval import (
    ApprovalOutcome,
    ApprovalRequest,
    ApprovalStage,
    ApprovalView,
    DecisionReceipt,
    Verdict,
)
from contracts.base import Content, Contract, Moment
from contracts.records import ReviewerRecord
from policy.arrival import Arrived
from policy.authority import MIN_DIGEST, covers
from policy.reviewers import named


class ApprovalState(Contract):
    request: ApprovalRequest
    opened_at: Moment
    deadline: Moment
    stage: ApprovalStage = ApprovalStage.PENDING
    decided_at: Moment | None = None
    reviewer: str | None = None
    note: Content | None = None
    receipts: tuple[DecisionReceipt, ...] = ()
    extended_seconds: float = 0.0
    claimed_by: str | None = None
    only: str | None = None
    """Who alone may decide, once delegated: a reviewer's name, or `group:NAME`."""


def opened(request: ApprovalRequest, now: datetime) -> ApprovalState:
    return ApprovalState(request=request, opened_at=now, deadline=now + timedelta(seconds=request.deadline_seconds))


def judge(
    state: ApprovalState,
    arrived: Arrived,
    reviewer: ReviewerRecord | None,
    now: datetime,
    delegates: Sequence[ReviewerRecord] = (),
) -> tuple[ApprovalState, DecisionReceipt]:
    """The state after a decision that arrived at `now`, and the receipt that says what became of it.

    `delegates` are the people whom `arrived.to` names, as the records know them.
    """
    refusal = _refusal(state, arrived, reviewer, now) or _steering_refusal(state, arrived, delegates)
    after, reason = (state, refusal) if refusal is not None else _taken(state, arrived, now)
    receipt = DecisionReceipt(
        number=len(state.receipts) + 1,
        reviewer=arrived.reviewer,
        verdict=arrived.verdict,
        accepted=refusal is None,
        reason=reason,
        at=now,
        channel=arrived.channel,
    )
    return after.model_copy(update={"receipts": (*state.receipts, receipt)}), receipt


def _taken(state: ApprovalState, arrived: Arrived, now: datetime) -> tuple[ApprovalState, str]:
    """The state after a decision that nothing speaks against, and what it did, in words."""
    changes: dict[str, object]
    match Verdict(arrived.verdict):
        case Verdict.EXTEND:
            seconds = arrived.seconds or 0.0
            deadline = state.deadline + timedelta(seconds=seconds)
            changes = {"deadline": deadline, "extended_seconds": state.extended_seconds + seconds}
            reason = f"extended: the deadline is now {deadline:%Y-%m-%d %H:%M:%S} UTC"
        case Verdict.DELEGATE:
            changes, reason = {"only": arrived.to}, f"delegated: only {arrived.to} may decide from now on"
        case Verdict.CLAIM:
            changes, reason = {"claimed_by": arrived.reviewer}, f"claimed by {arrived.reviewer}"
        case Verdict.RELEASE:
            changes, reason = {"claimed_by": None}, f"released by {arrived.reviewer}"
        case Verdict.APPROVE | Verdict.REJECT as verdict:
            changes = {
                "stage": ApprovalStage.APPROVED if verdict is Verdict.APPROVE else ApprovalStage.REJECTED,
                "decided_at": now,
                "reviewer": arrived.reviewer,
                "note": Content(subject_id=state.request.subject_id, body=arrived.note) if arrived.note else None,
            }
            reason = "counted"
    if state.claimed_by not in (None, arrived.reviewer):
        reason += f", although claimed by {state.claimed_by}"
    return state.model_copy(update=changes), reason


def _steering_refusal(state: ApprovalState, arrived: Arrived, delegates: Sequence[ReviewerRecord]) -> str | None:
    """Why an extension, a delegation, a claim or a release by someone who may decide cannot be."""
    request = state.request
    if arrived.verdict == Verdict.EXTEND:
        left = request.max_extension_seconds - state.extended_seconds
        if (arrived.seconds or 0.0) > left:
            return f"rule {request.rule_id} allows {left:g} s more, {request.max_extension_seconds:g} s in all"
    elif arrived.verdict == Verdict.DELEGATE:
        if not delegates:
            return f"{arrived.to} is neither a reviewer nor a group with one; see 'greenroom reviewers ls'"
        if not any(_able(request, delegate) for delegate in delegates):
            return f"nobody of {arrived.to} may decide about {request.capability}"
    elif arrived.verdict == Verdict.CLAIM and state.claimed_by is not None:
        return f"claimed by {state.claimed_by} already; whoever may decide still may"
    elif arrived.verdict == Verdict.RELEASE and state.claimed_by != arrived.reviewer:
        return f"claimed by {state.claimed_by or 'nobody'}, and only who claimed it can release it"
    return None


def _able(request: ApprovalRequest, reviewer: ReviewerRecord) -> bool:
    return reviewer.active and (not reviewer.capabilities or request.capability in reviewer.capabilities)


def _refusal(state: ApprovalState, arrived: Arrived, reviewer: ReviewerRecord | None, now: datetime) -> str | None:
    request = state.request
    if arrived.problem is not None:
        return arrived.problem
    if state.stage is ApprovalStage.EXPIRED or (state.stage is ApprovalStage.PENDING and now >= state.deadline):
        return "too late: the deadline has passed"
    if state.stage is ApprovalStage.WITHDRAWN:
        return "withdrawn: what it was needed for is not done any more"
    if state.stage is not ApprovalStage.PENDING:
        return f"already {state.stage.value} by {state.reviewer}"
    if reviewer is None or not reviewer.active:
        return f"{arrived.reviewer} is not a reviewer; see 'greenroom reviewers ls'"
    if not _able(request, reviewer):
        return f"{arrived.reviewer} may not decide about {request.capability}"
    if state.only is not None:
        if not named(state.only, reviewer):
            return f"delegated: only {state.only} may decide"
    elif request.reviewers and not set(request.reviewers) & set(reviewer.groups):
        return f"{arrived.reviewer} is in none of the groups {', '.join(request.reviewers)}"
    if len(arrived.digest) < MIN_DIGEST:
        return f"the decision names no action: give the digest shown, at least {MIN_DIGEST} characters"
    if not covers(arrived.digest, request.digest):
        return "the decision covers another action than the one shown"
    return None


def expired(state: ApprovalState, now: datetime) -> ApprovalState:
    """The state after its deadline. A decided approval stays as it is."""
    if state.stage is not ApprovalStage.PENDING or now < state.deadline:
        return state
    return state.model_copy(update={"stage": ApprovalStage.EXPIRED, "decided_at": now})


def withdrawn(state: ApprovalState, now: datetime) -> ApprovalState:
    """The state after the work that needed it was given up. A decided approval stays as it is."""
    if state.stage is not ApprovalStage.PENDING:
        return state
    return state.model_copy(update={"stage": ApprovalStage.WITHDRAWN, "decided_at": now})


def outcome(state: ApprovalState) -> ApprovalOutcome:
    return ApprovalOutcome(
        approval_id=state.request.approval_id,
        stage=state.stage,
        digest=state.request.digest,
        reviewer=state.reviewer,
        note=state.note,
    )


def view(state: ApprovalState) -> ApprovalView:
    return ApprovalView(
        request=state.request,
        stage=state.stage,
        deadline=state.deadline,
        receipts=state.receipts,
        claimed_by=state.claimed_by,
        only=state.only,
    )
