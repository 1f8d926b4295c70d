"""An extension, a delegation, a claim or a release changes how an approval waits, and never what was decided."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import DIGEST, REVIEWERS, approval_request, at

from contracts.approval import ApprovalStage, DecisionReceipt, Verdict
from contracts.records import ReviewerRecord
from policy import approval, arrival
from policy.approval_state import ApprovalState
from policy.reviewers import named

PEOPLE = {
    **REVIEWERS,
    "fay": ReviewerRecord(name="fay", display_name="Fay", groups=("leads",)),
    "gus": ReviewerRecord(name="gus", display_name="Gus", groups=("interns", "night")),
}
LONGER = approval_request(60).model_copy(update={"max_extension_seconds": 100.0})


def send(
    state: ApprovalState, when: float, reviewer: str, verdict: str, **more: Any
) -> tuple[ApprovalState, DecisionReceipt]:
    raw = json.dumps({"reviewer": reviewer, "verdict": verdict, "digest": DIGEST, **more}).encode()
    arrived = arrival.read(raw)
    delegates = [p for p in PEOPLE.values() if named(arrived.to or "", p)]
    return approval.judge(state, arrived, PEOPLE.get(arrived.reviewer), at(when), delegates)


def run(*sent: tuple[str, str, dict[str, Any]]) -> tuple[ApprovalState, list[DecisionReceipt]]:
    state, receipts = approval.opened(LONGER, at(0)), []
    for reviewer, verdict, more in sent:
        state, receipt = send(state, 1, reviewer, verdict, **more)
        receipts.append(receipt)
    return state, receipts


@pytest.mark.parametrize(
    ("reviewer", "verdict", "more", "reason"),
    [
        ("ann", "extend", {"seconds": 100}, "extended: the deadline is now 2026-01-01 12:02:40 UTC"),
        ("ann", "extend", {"seconds": 100.1}, "allows 100 s more, 100 s in all"),
        ("ann", "extend", {"seconds": 0}, "a number above 0"),
        ("ann", "extend", {"seconds": -5}, "a number above 0"),
        ("ann", "extend", {"seconds": True}, "a number above 0"),
        ("ann", "extend", {"seconds": "30"}, "a number above 0"),
        ("ann", "extend", {"seconds": float("inf")}, "a number above 0"),
        ("ann", "extend", {"seconds": float("nan")}, "a number above 0"),
        ("ann", "extend", {"seconds": 10**400}, "a number above 0"),
        ("ann", "extend", {}, "a number above 0"),
        ("ann", "extend", {"seconds": 9, "digest": "0" * 64}, "another action"),
        ("ben", "extend", {"seconds": 9}, "none of group:leads"),
        ("eve", "extend", {"seconds": 9}, "not a reviewer"),
        ("ann", "delegate", {"to": "ben"}, "only ben may decide from now on"),
        ("ann", "delegate", {"to": "group:night"}, "only group:night may decide from now on"),
        ("ann", "delegate", {"to": "night"}, "neither a reviewer nor a group"),
        ("ann", "delegate", {"to": "group:ben"}, "neither a reviewer nor a group"),
        ("ann", "delegate", {"to": "eve"}, "neither a reviewer nor a group"),
        ("ann", "delegate", {"to": "dot"}, "nobody of dot may decide"),
        ("ann", "delegate", {"to": "cid"}, "nobody of cid may decide about billing.refund"),
        ("ann", "delegate", {}, "to whom"),
        ("ben", "delegate", {"to": "ben"}, "none of group:leads"),
        ("ann", "claim", {}, "claimed by ann"),
        ("ben", "claim", {}, "none of group:leads"),
        ("ann", "release", {}, "claimed by nobody"),
    ],
)
def test_what_becomes_of_one(reviewer: str, verdict: str, more: dict[str, Any], reason: str) -> None:
    state, [receipt] = run((reviewer, verdict, more))
    assert reason in receipt.reason
    assert receipt.accepted == receipt.reason.startswith(("extended", "delegated", "claimed by ann"))
    assert state.stage is ApprovalStage.PENDING
    if not receipt.accepted:
        assert state == approval.opened(LONGER, at(0)).model_copy(update={"receipts": (receipt,)})


def test_extensions_add_up_to_the_bound_and_no_further() -> None:
    state, receipts = run(*(("ann", "extend", {"seconds": s}) for s in (60, 41, 40, 1)))
    assert [r.accepted for r in receipts] == [True, False, True, False]
    assert state.deadline == at(160)
    assert approval.climbed(state, at(159))[0].stage is ApprovalStage.PENDING
    assert approval.climbed(state, at(160))[0].stage is ApprovalStage.EXPIRED


def test_an_expired_approval_is_not_extended() -> None:
    state, receipt = send(approval.opened(LONGER, at(0)), 60, "ann", "extend", seconds=10)
    assert not receipt.accepted and "too late" in receipt.reason and state.deadline == at(60)


def test_without_a_bound_nothing_is_extended() -> None:
    _, receipt = send(approval.opened(approval_request(), at(0)), 1, "ann", "extend", seconds=1)
    assert not receipt.accepted and "allows 0 s more" in receipt.reason


def test_only_the_delegate_decides_whatever_group_was_asked() -> None:
    state, receipts = run(("ann", "delegate", {"to": "gus"}), ("ann", "approve", {}), ("gus", "approve", {}))
    assert [r.accepted for r in receipts] == [True, False, True]
    assert receipts[1].reason == "delegated: only gus may decide" and state.reviewer == "gus"


def test_a_delegated_group_can_delegate_back() -> None:
    back = (("ann", "delegate", {"to": "group:night"}), ("gus", "delegate", {"to": "ann"}), ("ann", "reject", {}))
    state, receipts = run(*back)
    assert all(r.accepted for r in receipts) and state.stage is ApprovalStage.REJECTED


def test_a_claim_is_shown_and_binds_nobody() -> None:
    state, receipts = run(
        ("ann", "claim", {}), ("fay", "claim", {}), ("fay", "release", {}), ("fay", "approve", {})
    )  # fmt: skip
    assert [r.accepted for r in receipts] == [True, False, False, True]
    assert approval.view(state, at(1)).claimed_by == "ann"
    assert receipts[-1].reason == "counted, although claimed by ann"
    released, receipts = run(("ann", "claim", {}), ("ann", "release", {}), ("fay", "claim", {}))
    assert all(r.accepted for r in receipts) and released.claimed_by == "fay"


SENT = st.tuples(
    st.floats(0, 30),
    st.sampled_from([*PEOPLE, "eve"]),
    st.sampled_from(list(Verdict)),
    st.sampled_from(["ann", "gus", "cid", "eve", "group:leads", "group:night", "group:none"]),
    st.floats(-1, 120),
)


@given(st.lists(SENT, max_size=20))
@settings(max_examples=300, deadline=None)
def test_any_interleaving_keeps_the_bounds(sent: list[tuple[float, str, Verdict, str, float]]) -> None:
    state, clock, decided = approval.opened(LONGER, at(0)), 0.0, 0
    for pause, reviewer, verdict, to, seconds in sent:
        clock += pause
        state = approval.climbed(state, at(clock))[0]
        before = state
        state, receipt = send(state, clock, reviewer, verdict, to=to, seconds=seconds)
        assert at(60) <= state.deadline <= at(160) and state.deadline >= before.deadline
        if receipt.accepted:
            assert before.stage is ApprovalStage.PENDING and at(clock) < before.deadline
            assert before.only is None or named(before.only, PEOPLE[reviewer])
            decided += verdict.decides
        assert verdict.decides or state.stage is before.stage
    ends = (ApprovalStage.APPROVED, ApprovalStage.REJECTED, ApprovalStage.TAKEN_OVER)
    assert decided == (state.stage in ends)
