"""The state machine of one approval: at most one effective decision, and every other one refused with its reason."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from contracts.approval import (
    ApprovalOutcome,
    ApprovalRequest,
    ApprovalStage,
    ApprovalView,
    AskedCaller,
    DecisionReceipt,
    Edited,
    Verdict,
)
from contracts.base import Content
from contracts.ladder import Rung
from contracts.question import Answer
from contracts.records import ReviewerRecord
from policy import approval_refusals as refusals
from policy import granting
from policy import ladder as ladders
from policy.approval_state import ApprovalState
from policy.arrival import Arrived
from policy.editing import edited
from policy.ladder import Climb
from policy.numbers import number_in
from policy.reviewers import among, eligible


def opened(request: ApprovalRequest, now: datetime) -> ApprovalState:
    return ApprovalState(request=request, climb=Climb(opened_at=now))


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
    refusal = (
        refusals.of_decision(state, arrived, reviewer, now)
        or refusals.of_steering(state, arrived, delegates, now)
        or (edit if isinstance(edit, str) else objection)
        or refusals.of_repeat(state, arrived, edits=edit is not None)
        or granting.refusal(state, arrived, edit.arguments if isinstance(edit, Edited) else state.arguments, reviewer)
    )
    if refusal is not None:
        after, reason = state, refusal
    else:
        after, reason = _taken(state, arrived, edit if isinstance(edit, Edited) else None, now)
    receipt = arrived.receipt(len(state.receipts) + 1, reason, accepted=refusal is None, at=now)
    return after.model_copy(update={"receipts": (*state.receipts, receipt)}), receipt


def proposed(state: ApprovalState, arrived: Arrived, reviewer: ReviewerRecord | None, now: datetime) -> Edited | None:
    """The edited action that would be approved, so that its tool can be asked; None if there is none, or it cannot."""
    if refusals.of_decision(state, arrived, reviewer, now) is not None:
        return None
    edit = _edit(state, arrived)
    return edit if isinstance(edit, Edited) else None


def _edit(state: ApprovalState, arrived: Arrived) -> Edited | str | None:
    """The edited action, or why it cannot be; None if the action is to stay as it is."""
    if arrived.problem is not None or arrived.arguments is None:
        return None
    edit = edited(state.request, state.arguments, arrived.arguments)
    return None if isinstance(edit, Edited) and edit.digest == state.digest else edit


def _taken(state: ApprovalState, arrived: Arrived, edit: Edited | None, now: datetime) -> tuple[ApprovalState, str]:
    """The state after a decision that nothing speaks against, and what it did, in words."""
    changes: dict[str, object]
    match Verdict(arrived.verdict):
        case Verdict.EXTEND:
            changes = {"climb": ladders.extended(state.climb, arrived.seconds or 0.0)}
            deadline = state.model_copy(update=changes).deadline
            reason = f"extended: the deadline is now {deadline:%Y-%m-%d %H:%M:%S} UTC"
        case Verdict.DELEGATE:
            changes = {"only": arrived.to, "delegated_at": ladders.climbed(state.ladder, state.climb, now).reached}
            reason = f"delegated: only {arrived.to} may decide from now on"
        case Verdict.CLAIM:
            changes, reason = {"claimed_by": arrived.reviewer}, f"claimed by {arrived.reviewer}"
        case Verdict.RELEASE:
            changes, reason = {"claimed_by": None}, f"released by {arrived.reviewer}"
        case Verdict.ASK:
            changes, reason = {"asked": (*state.asked, _question(state, arrived, now))}, "the caller is asked"
        case Verdict.REJECT:
            changes, reason = _ended(state, arrived, ApprovalStage.REJECTED, now), "counted"
        case Verdict.TAKE_OVER:
            changes, reason = _ended(state, arrived, ApprovalStage.TAKEN_OVER, now), "counted: it is yours now"
        case Verdict.APPROVE | Verdict.APPROVE_AND_GRANT as verdict:
            state, reason = _approved(state, arrived, edit)
            changes = {} if state.lacking else _ended(state, arrived, ApprovalStage.APPROVED, now)
            if verdict is Verdict.APPROVE_AND_GRANT:
                grant = granting.given(state, arrived, now)
                changes |= {"grant": grant}
                reason += f"; granted until {grant.expires_at:%Y-%m-%d %H:%M:%S} UTC: {granting.in_words(grant)}"
    if state.claimed_by not in (None, arrived.reviewer):
        reason += f", although claimed by {state.claimed_by}"
    return state.model_copy(update=changes), reason


def _question(state: ApprovalState, arrived: Arrived, now: datetime) -> AskedCaller:
    request = state.request
    return AskedCaller(
        question_id=f"{request.approval_id}.question.{len(state.asked) + 1}",
        reviewer=arrived.reviewer,
        question=Content(subject_id=request.subject_id, body=arrived.question or ""),
        asked_at=now,
    )


def answered(state: ApprovalState, answer: Answer) -> ApprovalState:
    """The state with what the caller said to a question: the first answer stands, also one that comes after the end."""
    asked = tuple(
        known.model_copy(update={"answer": answer.text, "answered_at": answer.at})
        if known.question_id == answer.question_id and known.answer is None
        else known
        for known in state.asked
    )
    return state if asked == state.asked else state.model_copy(update={"asked": asked})


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
        others_too = f"{refusals.people(state.lacking)} must approve too"
        reason += f": {len(state.approved_by)} of {state.request.approvers}, {others_too}"
    return state, reason


def _ended(state: ApprovalState, arrived: Arrived, stage: ApprovalStage, now: datetime) -> dict[str, object]:
    note = Content(subject_id=state.request.subject_id, body=arrived.note) if arrived.note else None
    return {"stage": stage, "decided_at": now, "reviewer": arrived.reviewer, "note": note}


def climbed(state: ApprovalState, now: datetime) -> tuple[ApprovalState, tuple[Rung, ...]]:
    """The state at that time, and the rungs that were reached since, in order. The last of a ladder ends it."""
    if not state.open:
        return state, ()
    due = ladders.due(state.ladder, state.climb, now)
    changes: dict[str, object] = {"climb": ladders.climbed(state.ladder, state.climb, now)}
    if due and due[-1] == state.ladder[-1]:
        changes |= {"stage": ApprovalStage.EXPIRED, "decided_at": now}
    return state.model_copy(update=changes), due


def skipped(
    state: ApprovalState, reviewers: Sequence[ReviewerRecord], now: datetime
) -> tuple[ApprovalState, Rung | None]:
    """The state with the next passing on done at once, and that rung, where nobody who may decide now is there.

    The reminders before it are left out: there is nobody to remind.
    """
    request, deciders = state.request, state.deciders(now)
    amount = number_in(json.loads(state.arguments.body).get(request.amount_argument or ""))
    if not deciders or any(
        among(deciders, person) and eligible(request.capability, person, amount, now) for person in reviewers
    ):
        return state, None
    at = next((n for n in range(state.climb.reached, len(state.ladder)) if state.ladder[n].to is not None), None)
    if at is None:
        return state, None
    climb = state.climb.model_copy(update={"reached": at + 1})
    return state.model_copy(update={"climb": climb}), state.ladder[at]


def withdrawn(state: ApprovalState, now: datetime) -> ApprovalState:
    """The state after the work that needed it was given up. A decided approval stays as it is."""
    if not state.open:
        return state
    return state.model_copy(update={"stage": ApprovalStage.WITHDRAWN, "decided_at": now})


def outcome(state: ApprovalState) -> ApprovalOutcome:
    return ApprovalOutcome(
        approval_id=state.request.approval_id,
        stage=state.stage,
        digest=state.digest,
        arguments=state.edited.arguments if state.edited else None,
        rung=state.ladder[-1] if state.stage is ApprovalStage.EXPIRED else None,
        reviewer=state.reviewer,
        note=state.note,
    )


def view(state: ApprovalState, now: datetime) -> ApprovalView:
    return ApprovalView(
        request=state.request,
        stage=state.stage,
        deadline=state.deadline,
        digest=state.digest,
        edited=state.edited,
        approved_by=state.approved_by,
        granted_until=state.grant.expires_at if state.grant else None,
        asked=state.asked,
        deciders=state.deciders(now),
        receipts=state.receipts,
        claimed_by=state.claimed_by,
        only=state.only,
    )
