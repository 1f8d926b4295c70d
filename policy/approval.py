"""The state machine of one approval: at most one effective decision, and every other one refused with its reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
from policy.authority import MIN_DIGEST, covers

MAX_WORD = 64
MAX_NOTE = 2000


class ApprovalState(Contract):
    request: ApprovalRequest
    opened_at: Moment
    deadline: Moment
    stage: ApprovalStage = ApprovalStage.PENDING
    decided_at: Moment | None = None
    reviewer: str | None = None
    note: Content | None = None
    receipts: tuple[DecisionReceipt, ...] = ()


class Arrived(Contract):
    """A decision as it came, understood or not. `problem` says why it cannot count, if it cannot."""

    reviewer: str
    verdict: str
    digest: str = ""
    note: str | None = None
    channel: str = "signal"
    problem: str | None = None


def opened(request: ApprovalRequest, now: datetime) -> ApprovalState:
    return ApprovalState(request=request, opened_at=now, deadline=now + timedelta(seconds=request.deadline_seconds))


EXPECTED = '{"reviewer": NAME, "verdict": "approve" or "reject", "digest": DIGEST}'


def read(raw: bytes | None, channel: str = "signal") -> Arrived:
    """What a reviewer sent, read without trust: whatever it is, it becomes an arrival that can be judged."""
    if not raw or raw == b"null":
        return _unreadable("the decision is empty", channel)
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):  # a deep nesting is no JSON of ours, and must not stop the workflow
        return _unreadable("the decision is not JSON", channel)
    if not isinstance(value, Mapping):
        return _unreadable("the decision is no object", channel)
    arrived = Arrived(
        reviewer=_word(value, "reviewer"),
        verdict=_word(value, "verdict").lower(),
        digest=_word(value, "digest").lower(),
        note=_note(value.get("note")),
        channel=_word(value, "channel") or channel,
    )
    if not arrived.reviewer:
        return arrived.model_copy(update={"problem": f"no reviewer is named; send {EXPECTED}"})
    if arrived.verdict not in (Verdict.APPROVE, Verdict.REJECT):
        return arrived.model_copy(update={"problem": f"the verdict is not one of approve, reject; send {EXPECTED}"})
    return arrived


def _unreadable(problem: str, channel: str) -> Arrived:
    return Arrived(reviewer="", verdict="", channel=channel, problem=f"{problem}; send {EXPECTED}")


def _word(value: Mapping[str, object], key: str) -> str:
    """A short word of one line. One that is longer is kept recognisable, but never mistaken for its beginning."""
    word = _encodable(value.get(key)).strip()
    return word if len(word) <= MAX_WORD else word[: MAX_WORD - 1] + "…"


def _note(value: object) -> str | None:
    """Words to the caller: plain text, or in the shape of `Content`."""
    text = _encodable(value.get("body") if isinstance(value, Mapping) else value)[:MAX_NOTE]
    return text if text.strip() else None


def _encodable(value: object) -> str:
    """Text without lone surrogates, which JSON can name and no message or record can hold."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def judge(
    state: ApprovalState, arrived: Arrived, reviewer: ReviewerRecord | None, now: datetime
) -> tuple[ApprovalState, DecisionReceipt]:
    """The state after a decision that arrived at `now`, and the receipt that says what became of it."""
    refusal = _refusal(state, arrived, reviewer, now)
    receipt = DecisionReceipt(
        number=len(state.receipts) + 1,
        reviewer=arrived.reviewer,
        verdict=arrived.verdict,
        accepted=refusal is None,
        reason=refusal or "counted",
        at=now,
        channel=arrived.channel,
    )
    changes: dict[str, object] = {"receipts": (*state.receipts, receipt)}
    if refusal is None:
        approved = arrived.verdict == Verdict.APPROVE
        changes |= {
            "stage": ApprovalStage.APPROVED if approved else ApprovalStage.REJECTED,
            "decided_at": now,
            "reviewer": arrived.reviewer,
            "note": Content(subject_id=state.request.subject_id, body=arrived.note) if arrived.note else None,
        }
    return state.model_copy(update=changes), receipt


def _refusal(state: ApprovalState, arrived: Arrived, reviewer: ReviewerRecord | None, now: datetime) -> str | None:
    request = state.request
    if arrived.problem is not None:
        return arrived.problem
    if state.stage is ApprovalStage.EXPIRED or (state.stage is ApprovalStage.PENDING and now >= state.deadline):
        return "too late: the deadline has passed"
    if state.stage is not ApprovalStage.PENDING:
        return f"already {state.stage.value} by {state.reviewer}"
    if reviewer is None or not reviewer.active:
        return f"{arrived.reviewer} is not a reviewer; see 'greenroom reviewers ls'"
    if reviewer.capabilities and request.capability not in reviewer.capabilities:
        return f"{arrived.reviewer} may not decide about {request.capability}"
    if request.reviewers and not set(request.reviewers) & set(reviewer.groups):
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


def outcome(state: ApprovalState) -> ApprovalOutcome:
    return ApprovalOutcome(
        approval_id=state.request.approval_id,
        stage=state.stage,
        digest=state.request.digest,
        reviewer=state.reviewer,
        note=state.note,
    )


def view(state: ApprovalState) -> ApprovalView:
    return ApprovalView(request=state.request, stage=state.stage, deadline=state.deadline, receipts=state.receipts)
