"""At most one effective decision, never after the deadline, and a receipt for whatever arrived."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from policy_samples import DIGEST, REVIEWERS, approval_request, at

from contracts.approval import ApprovalStage
from policy import approval, arrival
from policy.arrival import Arrived

DEADLINE = 60.0


def sent(reviewer: str = "ann", verdict: str = "approve", digest: str = DIGEST, **more: Any) -> bytes:
    return json.dumps({"reviewer": reviewer, "verdict": verdict, "digest": digest, **more}).encode()


ARRIVALS = st.one_of(
    st.builds(
        sent,
        st.sampled_from([*REVIEWERS, "eve", ""]),
        st.sampled_from(["approve", "reject", "APPROVE", "maybe", ""]),
        st.sampled_from([DIGEST, DIGEST[:12], DIGEST[:7], DIGEST.upper(), "0" * 64, DIGEST + "00", ""]),
    ),
    st.binary(max_size=40),
    st.just(b"null"),
)


@given(st.lists(st.tuples(st.floats(0, 30), st.one_of(ARRIVALS, st.just(None))), max_size=15))
@settings(max_examples=400, deadline=None)
def test_any_interleaving_counts_at_most_one_decision_in_time(events: list[tuple[float, bytes | None]]) -> None:
    state = approval.opened(approval_request(DEADLINE), at(0))
    clock, arrivals, effective = 0.0, 0, []
    for pause, raw in events:
        clock += pause
        before = state
        if raw is None:
            state = approval.climbed(state, at(clock))[0]
        else:
            arrived = arrival.read(raw)
            state, receipt = approval.judge(state, arrived, REVIEWERS.get(arrived.reviewer), at(clock))
            arrivals += 1
            assert receipt.number == arrivals and receipt.reason
            if receipt.accepted:
                effective.append(receipt)
                assert clock < DEADLINE
                assert arrived.digest and DIGEST.startswith(arrived.digest)
                assert receipt.reviewer == "ann", "the only one of the group who may decide about refunds"
            else:
                assert state.stage is before.stage, "a refused decision changes nothing"
        assert len(state.receipts) == arrivals
        if before.stage is not ApprovalStage.PENDING:
            assert approval.outcome(state) == approval.outcome(before), "an outcome never changes"
    assert len(effective) <= 1
    assert (state.stage in (ApprovalStage.APPROVED, ApprovalStage.REJECTED)) == bool(effective)
    if clock >= DEADLINE and not effective:
        assert approval.climbed(state, at(clock))[0].stage is ApprovalStage.EXPIRED


@pytest.mark.parametrize(
    ("raw", "when", "reason"),
    [
        (sent(), 59.9, "counted"),
        (sent(), 60.0, "too late"),
        (sent("eve"), 1, "not a reviewer"),
        (sent("dot"), 1, "not a reviewer"),
        (sent("ben"), 1, "none of group:leads"),
        (sent("cid"), 1, "may not decide about billing.refund"),
        (sent(digest="0" * 64), 1, "another action"),
        (sent(digest=DIGEST[:7]), 1, "names no action"),
        (sent(digest=""), 1, "names no action"),
        (sent(digest=DIGEST[:8]), 1, "counted"),
        (sent(digest=DIGEST + "0"), 1, "another action"),
        (sent(verdict="perhaps"), 1, "not one of approve"),
        (sent(reviewer="  "), 1, "no reviewer"),
        (b"", 1, "empty"),
        (b"null", 1, "empty"),
        (b"{broken", 1, "not JSON"),
        (b"\xff\xfe", 1, "not JSON"),
        (b"[1]", 1, "no object"),
        (b"[" * 100_000, 1, "not JSON"),
        (b'"approve"', 1, "no object"),
    ],
)
def test_what_becomes_of_one_decision(raw: bytes, when: float, reason: str) -> None:
    arrived = arrival.read(raw)
    state = approval.opened(approval_request(DEADLINE), at(0))
    state, receipt = approval.judge(state, arrived, REVIEWERS.get(arrived.reviewer), at(when))
    assert reason in receipt.reason
    assert receipt.accepted == (reason == "counted") == (state.stage is ApprovalStage.APPROVED)


def test_the_second_decision_is_refused_and_names_the_first() -> None:
    state = approval.opened(approval_request(), at(0))
    state, _ = approval.judge(state, arrival.read(sent(verdict="reject")), REVIEWERS["ann"], at(1))
    state, second = approval.judge(state, arrival.read(sent()), REVIEWERS["ann"], at(2))
    assert not second.accepted and second.reason == "already rejected by ann"
    assert approval.outcome(state).stage is ApprovalStage.REJECTED


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries({}, optional={k: JSON_VALUES for k in ("reviewer", "verdict", "digest", "note", "channel")})
)
@example({"reviewer": "\ud800", "verdict": "approve", "digest": DIGEST})
@example({"reviewer": "ann", "verdict": "approve", "digest": DIGEST, "note": "\udfff"})
@example({"reviewer": {"name": "ann"}, "verdict": ["approve"], "digest": 7})
@settings(max_examples=300, deadline=None)
def test_reading_never_fails_and_what_was_read_can_be_kept(value: dict[str, Any]) -> None:
    arrived = arrival.read(json.dumps(value).encode())
    assert Arrived.model_validate_json(arrived.model_dump_json()) == arrived
    state = approval.opened(approval_request(), at(0))
    state, receipt = approval.judge(state, arrived, None, at(1))
    assert not receipt.accepted and len(receipt.reviewer) <= arrival.MAX_WORD


@pytest.mark.parametrize(
    ("note", "kept"),
    [
        ("too much money", "too much money"),
        ({"subject_id": "subject-1", "body": "as a Content"}, "as a Content"),
        ("  ", None),
        (17, None),
        ("x" * 5000, "x" * arrival.MAX_NOTE),
    ],
)
def test_words_to_the_caller(note: object, kept: str | None) -> None:
    state = approval.opened(approval_request(), at(0))
    state, _ = approval.judge(state, arrival.read(sent(verdict="reject", note=note)), REVIEWERS["ann"], at(1))
    outcome = approval.outcome(state)
    assert (outcome.note.body if outcome.note else None) == kept


def test_a_long_name_is_never_mistaken_for_its_beginning() -> None:
    name = "a" * arrival.MAX_WORD
    assert arrival.read(sent(reviewer=name)).reviewer == name
    assert arrival.read(sent(reviewer=name + "b")).reviewer != name


def test_an_approval_expires_only_at_its_deadline_and_only_once() -> None:
    state = approval.opened(approval_request(DEADLINE), at(0))
    assert approval.climbed(state, at(59.9))[0] == state
    gone = approval.climbed(state, at(60))[0]
    assert gone.stage is ApprovalStage.EXPIRED and gone.decided_at == at(60)
    assert approval.climbed(gone, at(99))[0] == gone
