"""While nobody decides others may, and in the end the ladder does; whatever happens, at most one thing comes of it."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import REVIEWERS, approval_request, at, words

from contracts.approval import ApprovalRequest, ApprovalStage, DecisionReceipt, Editable
from contracts.ladder import Fallback, Ladder, Rung, RungKind
from contracts.records import ReviewerRecord
from policy import approval, arrival
from policy.approval_state import ApprovalState
from policy.authority import action_digest
from policy.reviewers import among, named

LADDER: Ladder = (
    Rung(after_seconds=10, kind=RungKind.REMIND),
    Rung(after_seconds=20, kind=RungKind.PASS_ON, to="group:interns"),
    Rung(after_seconds=30, kind=RungKind.PASS_ON, to="gus"),
    Rung(after_seconds=40, kind=RungKind.FALLBACK, fallback=Fallback.PERSON),
)
ASKED = {"order": "7", "amount": 240}
PEOPLE = {
    **REVIEWERS,
    "fay": ReviewerRecord(name="fay", display_name="Fay", groups=("leads",)),
    "gus": ReviewerRecord(name="gus", display_name="Gus"),
}


def request(approvers: int = 1) -> ApprovalRequest:
    return approval_request(40).model_copy(
        update={
            "ladder": LADDER,
            "max_extension_seconds": 50.0,
            "approvers": approvers,
            "arguments": words(json.dumps(ASKED)),
            "digest": action_digest("refund", ASKED),
            "editable": {"amount": Editable(at_most="original")},
        }
    )


def send(
    state: ApprovalState, when: float, reviewer: str, verdict: str = "approve", **more: Any
) -> tuple[ApprovalState, DecisionReceipt]:
    sent = {"reviewer": reviewer, "verdict": verdict, "digest": state.digest, **more}
    arrived = arrival.read(json.dumps(sent).encode())
    delegates = [person for person in PEOPLE.values() if named(arrived.to or "", person)]
    return approval.judge(state, arrived, PEOPLE.get(reviewer), at(when), delegates)


def test_others_may_decide_once_it_was_passed_on_and_the_first_still_may() -> None:
    state = approval.opened(request(), at(0))
    assert send(state, 19.9, "ben")[1].reason == "ben is none of group:leads"
    assert send(state, 20, "ben")[1].accepted, "the time of the decision counts, not when it is looked at"
    assert not send(state, 20, "gus")[1].accepted and send(state, 30, "gus")[1].accepted
    assert send(state, 39, "ann")[1].accepted


def test_who_is_passed_on_to_may_decide_beside_the_delegate_but_not_who_was_before() -> None:
    state, receipt = send(approval.opened(request(), at(0)), 25, "ann", "delegate", to="fay")
    assert receipt.accepted
    assert send(state, 26, "ann")[1].reason == "delegated: only fay may decide"
    assert not send(state, 26, "ben")[1].accepted, "the interns were asked before it was delegated"
    assert send(state, 26, "fay")[1].accepted
    assert not send(state, 29, "gus")[1].accepted and send(state, 31, "gus")[1].accepted


def test_an_extension_puts_off_what_is_ahead() -> None:
    state, [rung] = approval.climbed(approval.opened(request(), at(0)), at(12))
    assert rung.kind is RungKind.REMIND
    state, _ = send(state, 13, "ann", "extend", seconds=50)
    assert state.deadline == at(90) and state.wake_at == at(70)
    assert approval.climbed(state, at(69))[1] == ()
    state, rungs = approval.climbed(state, at(90))
    assert len(rungs) == 3 and state.stage is ApprovalStage.EXPIRED
    assert approval.outcome(state).rung == LADDER[-1]


SENT = st.tuples(
    st.floats(0, 15),
    st.sampled_from([*PEOPLE, "eve"]),
    st.sampled_from(["approve", "approve", "approve", "reject", "take_over", "extend", "delegate", "claim", "look"]),
    st.sampled_from([None, None, {"amount": 100}, {"amount": 50}, {"amount": 240}, {"amount": 999}, {"order": "8"}]),
    st.sampled_from(["fay", "gus", "group:leads", "group:interns", "nobody"]),
)
ENDED_BY = {
    ApprovalStage.APPROVED: "approve",
    ApprovalStage.REJECTED: "reject",
    ApprovalStage.TAKEN_OVER: "take_over",
}


@given(st.integers(1, 3), st.booleans(), st.lists(SENT, max_size=16))
@settings(max_examples=400, deadline=None)
def test_whatever_happens_at_most_one_thing_comes_of_it(
    approvers: int,
    withdrawn: bool,
    events: list[tuple[float, str, str, dict[str, Any] | None, str]],
) -> None:
    """Decisions, edits, extensions, delegations, the ladder and a withdrawal, in any order."""
    state = approval.opened(request(approvers), at(0))
    clock, climbs = 0.0, 0
    yeses: dict[str, set[str]] = {}
    effective: list[DecisionReceipt] = []
    for number, (pause, reviewer, verdict, changes, to) in enumerate(events):
        clock += pause
        before = state
        state, rungs = approval.climbed(state, at(clock))
        climbs += len(rungs)
        if withdrawn and number == 9:
            state = approval.withdrawn(state, at(clock))
        if verdict == "look":
            continue
        may = state.deciders(at(clock))
        seen = state
        more = {} if changes is None or verdict != "approve" else {"arguments": changes}
        state, receipt = send(state, clock, reviewer, verdict, to=to, seconds=7, **more)
        if not receipt.accepted:
            assert state == seen.model_copy(update={"receipts": state.receipts})
            continue
        assert seen.stage is ApprovalStage.PENDING and at(clock) < seen.deadline
        assert not may or among(may, PEOPLE[reviewer])
        if verdict == "approve":
            if state.digest != seen.digest:
                yeses[state.digest] = set()
            yeses.setdefault(state.digest, set()).add(reviewer)
        if state.stage is not ApprovalStage.PENDING:
            effective.append(receipt)
        assert state.climb.extended_seconds <= 50 and state.climb.reached >= before.climb.reached
    assert climbs == state.climb.reached, "no rung is skipped or taken twice"
    assert len(effective) <= 1
    decided = state.stage in ENDED_BY
    assert decided == bool(effective)
    if decided:
        assert effective[0].verdict == ENDED_BY[state.stage] and effective[0].reviewer == state.reviewer
    if state.stage is ApprovalStage.APPROVED:
        assert yeses[state.digest] == set(state.approved_by) and len(state.approved_by) == approvers
        assert approval.outcome(state).digest == action_digest("refund", json.loads(state.arguments.body))
    if state.stage is ApprovalStage.EXPIRED:
        assert at(clock) >= state.deadline and approval.outcome(state).rung == LADDER[-1]
