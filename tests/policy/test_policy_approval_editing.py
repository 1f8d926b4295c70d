"""A reviewer changes only what the rule names, within its bounds; and two pairs of eyes see the same action."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import REVIEWERS, approval_request, at, words

from contracts.approval import ApprovalRequest, ApprovalStage, DecisionReceipt, Editable
from contracts.records import ReviewerRecord
from policy import approval, arrival
from policy.approval_state import ApprovalState
from policy.authority import action_digest

ASKED: dict[str, Any] = {"order": "7", "amount": 240, "paid": "12.50", "express": True, "debit": -5}
PEOPLE = {
    **REVIEWERS,
    **{n: ReviewerRecord(name=n, display_name=n.title(), groups=("leads",)) for n in ("fay", "gus", "hal")},
}


def request(approvers: int = 1) -> ApprovalRequest:
    return approval_request(60).model_copy(
        update={
            "arguments": words(json.dumps(ASKED)),
            "digest": action_digest("refund", ASKED),
            "say": "Refund {amount} for order {order}",
            "approvers": approvers,
            "editable": {
                "amount": Editable(at_most="original"),
                "paid": Editable(at_most="original"),
                "debit": Editable(at_most=0),
                "fee": Editable(at_most=10.5),
                "text": Editable(),
            },
        }
    )


def send(
    state: ApprovalState, reviewer: str, verdict: str = "approve", when: float = 1, **more: Any
) -> tuple[ApprovalState, DecisionReceipt]:
    sent = {"reviewer": reviewer, "verdict": verdict, "digest": state.digest, **more}
    arrived = arrival.read(json.dumps(sent).encode())
    return approval.judge(state, arrived, PEOPLE.get(reviewer), at(when))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"amount": 100}, "counted, changed amount: the action is now "),
        ({"amount": 240.0}, "counted, changed amount"),
        ({"amount": 0.5, "text": "half"}, "counted, changed amount, text"),
        ({"paid": "12.4"}, "counted, changed paid"),
        ({"debit": -1}, "counted, changed debit"),
        ({"fee": 10.5}, "counted, changed fee"),
        ({"amount": 240, "order": "7"}, "counted"),
        ({"amount": 241}, "amount may not be more than was asked for"),
        ({"amount": -1}, "amount must keep its sign"),
        ({"amount": "100"}, "amount is a number, and can only be changed to another such"),
        ({"amount": True}, "amount is a number"),
        ({"amount": None}, "amount is a number"),
        ({"amount": [1]}, "amount is a number"),
        ({"paid": "12.51"}, "paid may not be more"),
        ({"paid": "cheap"}, "paid must be a number"),
        ({"paid": "NaN"}, "paid must be a number"),
        ({"paid": "-1"}, "paid must keep its sign"),
        ({"debit": 1}, "debit must keep its sign"),
        ({"fee": 10.6}, "fee may not be more than 10.5"),
        ({"fee": "a"}, "fee must be a number"),
        ({"order": "8"}, "does not let order be changed; it lets be changed: amount, debit, fee, paid, text"),
        ({"express": 1}, "does not let express be changed"),
        ({"amount": 100, "express": False}, "does not let express be changed"),
        ({"new": 1}, "does not let new be changed"),
        ({}, "arguments belong to the verdict approve"),
        ([1], "arguments belong to the verdict approve"),
        ("amount=1", "arguments belong to the verdict approve"),
        ({"amount": float("nan")}, "arguments belong to the verdict approve"),
        ({"text": "\ud800"}, "arguments belong to the verdict approve"),
        ({"text": "x" * arrival.MAX_ARGUMENTS}, "arguments belong to the verdict approve"),
    ],
)  # fmt: skip
def test_what_becomes_of_an_edit(changes: object, reason: str) -> None:
    before = approval.opened(request(), at(0))
    state, receipt = send(before, "ann", arguments=changes)
    assert reason in receipt.reason
    assert receipt.accepted == reason.startswith("counted") == (state.stage is ApprovalStage.APPROVED)
    if receipt.accepted and isinstance(changes, dict):
        outcome = approval.outcome(state)
        decided = {**ASKED, **changes}
        assert outcome.digest == action_digest("refund", decided)
        assert (outcome.arguments is None) == (json.dumps(decided) == json.dumps(ASKED))
        assert outcome.arguments is None or json.loads(outcome.arguments.body) == decided
    if not receipt.accepted:
        assert not any(value in receipt.reason for value in ("240", "12.50")), "what was asked for stays sealed"
        assert state == before.model_copy(update={"receipts": (receipt,)})


@pytest.mark.parametrize("verdict", ["reject", "claim", "release", "extend", "delegate"])
def test_arguments_beside_any_other_verdict_are_refused(verdict: str) -> None:
    """Who sends them means an edit; rejecting or claiming instead would be something that nobody said."""
    state, receipt = send(
        approval.opened(request(), at(0)), "ann", verdict, arguments={"amount": 1}, seconds=1, to="fay"
    )
    assert not receipt.accepted and "belong to the verdict approve" in receipt.reason and state.claimed_by is None


def test_the_edited_action_is_told_in_the_tools_own_words() -> None:
    state, _ = send(approval.opened(request(), at(0)), "ann", arguments={"amount": 100})
    edited = approval.view(state, at(1)).edited
    assert edited is not None and edited.action.body == "Refund 100 for order 7" and edited.fields == ("amount",)
    assert state.request.arguments.body == json.dumps(ASKED), "what was asked for stays on the record"


def test_what_the_tool_has_against_an_edit_refuses_it() -> None:
    state = approval.opened(request(), at(0))
    sent = {"reviewer": "ann", "verdict": "approve", "digest": state.digest, "arguments": {"amount": 1}}
    arrived = arrival.read(json.dumps(sent).encode())
    assert approval.proposed(state, arrived, PEOPLE["ann"], at(1)) is not None
    assert approval.proposed(state, arrived, None, at(1)) is None, "a stranger's edit is not even shown to the tool"
    after, receipt = approval.judge(state, arrived, PEOPLE["ann"], at(1), objection="amount: breaks the schema")
    assert (receipt.accepted, receipt.reason, after.edited) == (False, "amount: breaks the schema", None)


def test_two_different_people_must_approve() -> None:
    state, first = send(approval.opened(request(2), at(0)), "ann")
    assert first.accepted and first.reason == "counted: 1 of 2, another person must approve too"
    assert (state.stage, approval.view(state, at(1)).approved_by) == (ApprovalStage.PENDING, ("ann",))
    state, again = send(state, "ann")
    assert not again.accepted and again.reason == "ann has approved already: another person must approve too"
    state, second = send(state, "fay")
    assert second.accepted and second.reason == "counted" and state.stage is ApprovalStage.APPROVED
    assert state.approved_by == ("ann", "fay")


def test_one_rejection_ends_it_whoever_approved_before() -> None:
    state, _ = send(approval.opened(request(2), at(0)), "ann")
    state, _ = send(state, "fay", "reject")
    assert (state.stage, state.reviewer) == (ApprovalStage.REJECTED, "fay")


def test_an_edit_by_the_second_asks_the_first_again() -> None:
    state, _ = send(approval.opened(request(2), at(0)), "ann")
    seen_by_ann = state.digest
    state, edit = send(state, "fay", arguments={"amount": 100})
    assert "which ann did not approve: 1 of 2" in edit.reason
    assert (state.stage, state.approved_by) == (ApprovalStage.PENDING, ("fay",))
    state, old = send(state, "gus", digest=seen_by_ann)
    assert not old.accepted and "another action" in old.reason
    state, _ = send(state, "ann")
    assert state.stage is ApprovalStage.APPROVED and approval.outcome(state).digest != seen_by_ann


def test_edits_one_after_another_lead_no_further_than_one() -> None:
    state, _ = send(approval.opened(request(3), at(0)), "ann", arguments={"amount": 100})
    state, more = send(state, "fay", arguments={"amount": 241})
    assert not more.accepted
    state, back = send(state, "fay", arguments={"amount": 240})
    assert back.accepted and "changed back to what was asked" in back.reason
    assert state.digest == state.request.digest and state.approved_by == ("fay",)


def test_a_decision_is_not_left_to_fewer_people_than_must_approve() -> None:
    def delegate(state: ApprovalState, to: str) -> tuple[ApprovalState, DecisionReceipt]:
        sent = {"reviewer": "ann", "verdict": "delegate", "digest": state.digest, "to": to}
        arrived = arrival.read(json.dumps(sent).encode())
        return approval.judge(state, arrived, PEOPLE["ann"], at(1), [PEOPLE[to]])

    state = approval.opened(request(2), at(0))
    assert delegate(state, "fay")[1].reason == "2 other people must approve, and fay are not so many"
    state, _ = send(state, "ann")
    assert not delegate(state, "ann")[1].accepted, "who approved cannot be the other person"
    state, receipt = delegate(state, "fay")
    assert receipt.accepted and send(state, "fay")[0].stage is ApprovalStage.APPROVED


SENT = st.tuples(
    st.floats(0, 20),
    st.sampled_from(["ann", "fay", "gus", "hal", "ben", "eve"]),
    st.sampled_from(["approve", "approve", "approve", "reject", "claim", "maybe"]),
    st.sampled_from([None, None, {"amount": 100}, {"amount": 50}, {"amount": 240}, {"amount": 999}, {"order": "8"}]),
    st.integers(0, 3),
)


@given(st.integers(1, 3), st.lists(SENT, max_size=14))
@settings(max_examples=300, deadline=None)
def test_no_approval_without_as_many_people_who_saw_the_final_action(
    approvers: int, events: list[tuple[float, str, str, dict[str, Any] | None, int]]
) -> None:
    state = approval.opened(request(approvers), at(0))
    seen = [state.digest]
    yeses: dict[str, set[str]] = {}
    clock, ended = 0.0, 0
    for pause, reviewer, verdict, changes, back in events:
        clock += pause
        state = approval.climbed(state, at(clock))[0]
        before = state
        more = {} if changes is None else {"arguments": changes}
        state, receipt = send(state, reviewer, verdict, clock, digest=seen[max(0, len(seen) - 1 - back)], **more)
        if receipt.accepted and verdict == "approve":
            yeses.setdefault(state.digest, set()).add(reviewer)
        if state.digest != seen[-1]:
            seen.append(state.digest)
            yeses[state.digest] = {reviewer}
        ended += before.stage is ApprovalStage.PENDING and state.stage is not ApprovalStage.PENDING
        if before.stage is not ApprovalStage.PENDING:
            assert approval.outcome(state) == approval.outcome(before) and not receipt.accepted
        final = json.loads(state.arguments.body)
        assert state.digest == action_digest("refund", final)
        assert {k: v for k, v in final.items() if k != "amount"} == {k: v for k, v in ASKED.items() if k != "amount"}
        assert 0 <= final["amount"] <= ASKED["amount"]
    assert ended <= 1
    if state.stage is ApprovalStage.APPROVED:
        assert len(yeses[state.digest]) == len(state.approved_by) == approvers
        assert yeses[state.digest] == set(state.approved_by)
