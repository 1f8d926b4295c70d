"""A grant covers what was granted, for whom, until when, and nothing else."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import REVIEWERS, approval_request, at, words

from contracts.approval import ApprovalStage, DecisionReceipt, Editable
from contracts.grants import GrantScope
from contracts.records import GrantRecord
from contracts.tools import ToolCall
from policy import approval, arrival, granting
from policy.approval_state import ApprovalState
from policy.authority import action_digest

ASKED: dict[str, Any] = {"order": "7", "amount": "40.00"}
VARY = {"order": "any", "amount": {"at_most": 50}}


def decided(
    grant_seconds: float = 600.0, approvers: int = 1, verdict: str = "approve_and_grant", **more: Any
) -> tuple[ApprovalState, DecisionReceipt]:
    request = approval_request(60).model_copy(
        update={
            "arguments": words(json.dumps(ASKED)),
            "digest": action_digest("refund", ASKED),
            "grant_seconds": grant_seconds,
            "approvers": approvers,
            "editable": {"amount": Editable(at_most="original")},
        }
    )
    sent = {"reviewer": "ann", "verdict": verdict, "digest": request.digest, **more}
    return approval.judge(
        approval.opened(request, at(0)), arrival.read(json.dumps(sent).encode()), REVIEWERS["ann"], at(1)
    )


def granted(**more: Any) -> GrantRecord:
    state, receipt = decided(**more)
    assert receipt.accepted and state.stage is ApprovalStage.APPROVED and state.grant is not None
    return state.grant


def call(arguments: dict[str, Any] | None = None, **changes: Any) -> ToolCall:
    fields: dict[str, Any] = {
        "call_id": "c", "tool": "refund", "role": "operator", "composition": "desk", "subject_id": "subject-1",
        "session_id": "session-1", "arguments": words(json.dumps(ASKED if arguments is None else arguments)),
    }  # fmt: skip
    return ToolCall(**fields | changes)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, "counted; granted until 2026-01-01 12:10:01 UTC: refund with the same arguments, in this call"),
        ({"vary": VARY, "scope": "subject", "seconds": 60}, "refund with amount up to 50, any order, in every call"),
        ({"arguments": {"amount": "10.00"}}, "counted, changed amount"),
        ({"grant_seconds": 0}, "lets nobody grant further calls: approve this one alone"),
        ({"approvers": 2}, "lets nobody grant further calls"),
        ({"seconds": 601}, "lets a grant last 600 s at most"),
        ({"seconds": -1}, "say how long it is granted"),
        ({"seconds": "1h"}, "say how long it is granted"),
        ({"scope": "everybody"}, "the scope is not one of session, subject"),
        ({"vary": ["order"]}, "say what may vary as an object"),
        ({"vary": {"order": "all"}}, "say what may vary as an object"),
        ({"vary": {"amount": {"at_most": "50"}}}, "say what may vary as an object"),
        ({"vary": {"amount": {"at_most": True}}}, "say what may vary as an object"),
        ({"vary": {"amount": {"at_most": float("inf")}}}, "say what may vary as an object"),
        ({"vary": {"amount": {"at_most": 10**400}}}, "say what may vary as an object"),
        ({"vary": {"amount": {"up_to": 50}}}, "say what may vary as an object"),
        ({"vary": {"amout": "any"}}, "the action has no argument amout that could vary"),
        ({"vary": {"order": {"at_most": 50}}}, "counted"),
        ({"verdict": "approve", "vary": VARY}, "vary belong to the verdict approve_and_grant"),
        ({"verdict": "approve", "scope": "subject"}, "scope belong to the verdict approve_and_grant"),
    ],
)
def test_what_becomes_of_a_decision_to_grant(more: dict[str, Any], reason: str) -> None:
    state, receipt = decided(**more)
    assert reason in receipt.reason
    assert receipt.accepted == receipt.reason.startswith("counted") == (state.grant is not None)
    assert (state.stage is ApprovalStage.APPROVED) == receipt.accepted, "who means more than a yes has not said yes"


def test_a_bound_needs_a_number() -> None:
    request_text = {**ASKED, "order": "seven"}
    request = approval_request(60).model_copy(
        update={
            "arguments": words(json.dumps(request_text)),
            "digest": action_digest("refund", request_text),
            "grant_seconds": 9.0,
        }
    )
    sent = {
        "reviewer": "ann",
        "verdict": "approve_and_grant",
        "digest": request.digest,
        "vary": {"order": {"at_most": 5}},
    }
    arrived = arrival.read(json.dumps(sent).encode())
    _, receipt = approval.judge(approval.opened(request, at(0)), arrived, REVIEWERS["ann"], at(1))
    assert receipt.reason == "order is no number, so that it cannot be bounded by one"


BOUNDED = granted(vary=VARY, seconds=100)
SAME = granted()
ANYWHERE = granted(scope="subject", vary={"amount": {"at_most": 50}})


@pytest.mark.parametrize(
    ("grant", "asked", "when", "covered"),
    [
        (SAME, call(), 2, True),
        (SAME, call({"amount": "40.00", "order": "7"}), 2, True),
        (SAME, call({**ASKED, "order": "8"}), 2, False),
        (SAME, call({**ASKED, "more": 1}), 2, False),
        (SAME, call({"order": "7"}), 2, False),
        (SAME, call(), 600.9, True),
        (SAME, call(), 601, False),
        (SAME, call(), 0.5, False),
        (SAME, call(session_id="session-2"), 2, False),
        (SAME, call(subject_id="subject-2"), 2, False),
        (SAME, call(composition="shop"), 2, False),
        (SAME, call(tool="mail"), 2, False),
        (SAME.model_copy(update={"revoked_at": at(1.5), "revoked_by": "ben"}), call(), 2, False),
        (ANYWHERE, call(session_id="session-2"), 2, True),
        (ANYWHERE, call(session_id="session-2", subject_id="subject-2"), 2, False),
        (BOUNDED, call({"order": "8", "amount": "50"}), 2, True),
        (BOUNDED, call({"order": "8", "amount": "50.01"}), 2, False),
        (BOUNDED, call({"order": "8", "amount": "-1"}), 2, False),
        (BOUNDED, call({"order": "8", "amount": "NaN"}), 2, False),
        (BOUNDED, call({"order": 8, "amount": "5"}), 2, False),
        (BOUNDED, call({"order": "8", "amount": "5", "more": None}), 2, False),
        (BOUNDED, call({"order": "8", "amount": "5"}), 101, False),
    ],
)
def test_what_a_grant_covers(grant: GrantRecord, asked: ToolCall, when: float, covered: bool) -> None:
    assert (granting.covering([grant], asked, at(when)) is grant) == covered


def test_the_oldest_of_several_that_cover_is_named() -> None:
    later = BOUNDED.model_copy(update={"grant_id": "later", "granted_at": at(1.5)})
    assert granting.covering([later, SAME], call(), at(2)) is SAME
    assert granting.covering([], call(), at(2)) is None


@given(
    st.sampled_from([SAME, BOUNDED, ANYWHERE]),
    st.fixed_dictionaries(
        {},
        optional={
            "order": st.sampled_from(["7", "8", 7, None, True]),
            "amount": st.sampled_from(["40.00", "40", "50", "51", "-3", "1e1", "x", 40, None]),
            "more": st.just(1),
        },
    ),
    st.floats(0, 700),
    st.sampled_from(["session-1", "session-2"]),
)
@settings(max_examples=300, deadline=None)
def test_nothing_beyond_the_bounds_is_ever_covered(
    grant: GrantRecord, arguments: dict[str, Any], when: float, session_id: str
) -> None:
    if granting.covering([grant], call(arguments, session_id=session_id), at(when)) is None:
        return
    assert grant.granted_at <= at(when) < grant.expires_at
    assert grant.scope is GrantScope.SUBJECT or session_id == "session-1"
    assert arguments.keys() == ASKED.keys() and isinstance(arguments["order"], str)
    if grant is SAME:
        assert arguments == ASKED
    else:
        assert 0 <= float(arguments["amount"]) <= 50
    if grant is not BOUNDED:
        assert arguments["order"] == "7"
