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
    Edited,
    Verdict,
)
from contracts.base import Content, Contract, Moment
from contracts.records import ReviewerRecord
from policy.arrival import Arrived
from policy.authority import MIN_DIGEST, covers
from policy.editing import edited
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
    edited: Edited | None = None
    approved_by: tuple[str, ...] = ()
    """Different people, each of whom approved exactly the action of `digest`."""

    @property
    def digest(self) -> str:
        """Of the action that is decided about now, as asked or as edited since."""
        return self.edited.digest if self.edited else self.request.digest

    @property
    def arguments(self) -> Content:
        return self.edited.arguments if self.edited else self.request.arguments

    @property
    def lacking(self) -> int:
        """How many more people must approve."""
        return self.request.approvers - len(self.approved_by)


def opened(request: ApprovalRequest, now: datetime) -> ApprovalState:
    return ApprovalState(request=request, opened_at=now, deadline=now + timedelta(seconds=request.deadline_seconds))


def judge(
    state: ApprovalState,
    arrived: Arrived,
    reviewer: ReviewerRecord | None,
    now: datetime,
    delegates: Sequence[ReviewerRecord] = (),
    objection: str | None = None,
) -> tuple[ApprovalState, DecisionReceipt]:
    """The state after a decision that arrived at `now`, and the receipt that says what became of it.

    `delegates` are the people whom `arrived.to` names, as the records know them. `objection` is what the tool itself
    has against the edited action.
    """
    edit = _edit(state, arrived)
    refusal = _refusal(state, arrived, reviewer, now) or _steering_refusal(state, arrived, delegates)
    refusal = refusal or (edit if isinstance(edit, str) else objection) or _repeated(state, arrived, edit)
    if refusal is not None:
        after, reason = state, refusal
    else:
        after, reason = _taken(state, arrived, edit if isinstance(edit, Edited) else None, now)
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


def proposed(state: ApprovalState, arrived: Arrived, reviewer: ReviewerRecord | None, now: datetime) -> Edited | None:
    """The edited action that would be approved, so that its tool can be asked; None if there is none, or it cannot."""
    if _refusal(state, arrived, reviewer, now) is not None:
        return None
    edit = _edit(state, arrived)
    return edit if isinstance(edit, Edited) else None


def _edit(state: ApprovalState, arrived: Arrived) -> Edited | str | None:
    """The edited action, or why it cannot be; None if the action is to stay as it is."""
    if arrived.problem is not None or arrived.arguments is None:
        return None
    edit = edited(state.request, state.arguments, arrived.arguments)
    return None if isinstance(edit, Edited) and edit.digest == state.digest else edit


def _repeated(state: ApprovalState, arrived: Arrived, edit: Edited | str | None) -> str | None:
    if arrived.verdict == Verdict.APPROVE and edit is None and arrived.reviewer in state.approved_by:
        return f"{arrived.reviewer} has approved already: {_people(state.lacking)} must approve too"
    return None


def _people(number: int) -> str:
    return "another person" if number == 1 else f"{number} other people"


def _taken(state: ApprovalState, arrived: Arrived, edit: Edited | None, now: datetime) -> tuple[ApprovalState, str]:
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
        case Verdict.REJECT:
            changes, reason = _ended(state, arrived, ApprovalStage.REJECTED, now), "counted"
        case Verdict.APPROVE:
            state, reason = _approved(state, arrived, edit)
            changes = {} if state.lacking else _ended(state, arrived, ApprovalStage.APPROVED, now)
    if state.claimed_by not in (None, arrived.reviewer):
        reason += f", although claimed by {state.claimed_by}"
    return state.model_copy(update=changes), reason


def _approved(state: ApprovalState, arrived: Arrived, edit: Edited | None) -> tuple[ApprovalState, str]:
    """One more yes to the action; or, edited, the first one to another action, which nobody else has seen yet."""
    reason = "counted"
    if edit is not None:
        others = [name for name in state.approved_by if name != arrived.reviewer]
        state = state.model_copy(update={"edited": edit, "approved_by": ()})
        changed = f"changed {', '.join(edit.fields)}" if edit.fields else "changed back to what was asked"
        reason += f", {changed}: the action is now {edit.digest[:12]}"
        reason += f", which {' and '.join(others)} did not approve" if others else ""
    state = state.model_copy(update={"approved_by": (*state.approved_by, arrived.reviewer)})
    if state.lacking:
        reason += f": {len(state.approved_by)} of {state.request.approvers}, {_people(state.lacking)} must approve too"
    return state, reason


def _ended(state: ApprovalState, arrived: Arrived, stage: ApprovalStage, now: datetime) -> dict[str, object]:
    note = Content(subject_id=state.request.subject_id, body=arrived.note) if arrived.note else None
    return {"stage": stage, "decided_at": now, "reviewer": arrived.reviewer, "note": note}


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
        able = {delegate.name for delegate in delegates if _able(request, delegate)}
        if not able:
            return f"nobody of {arrived.to} may decide about {request.capability}"
        if len(able - set(state.approved_by)) < state.lacking:
            return f"{_people(state.lacking)} must approve, and {arrived.to} are not so many"
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
    if not covers(arrived.digest, state.digest):
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
        digest=state.digest,
        arguments=state.edited.arguments if state.edited else None,
        reviewer=state.reviewer,
        note=state.note,
    )


def view(state: ApprovalState) -> ApprovalView:
    return ApprovalView(
        request=state.request,
        stage=state.stage,
        deadline=state.deadline,
        digest=state.digest,
        edited=state.edited,
        approved_by=state.approved_by,
        receipts=state.receipts,
        claimed_by=state.claimed_by,
        only=state.only,
    )
