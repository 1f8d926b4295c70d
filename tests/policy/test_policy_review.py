"""A review is ended by at most one decision, of somebody who may decide then, or by the end of its ladder."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import REVIEWERS, at

from contracts.approval import DecisionReceipt
from contracts.ladder import Fallback, Rung, RungKind
from contracts.records import ReviewerRecord
from contracts.review import EXPIRED, OPEN, WITHDRAWN, ReviewRules
from policy import arrival
from policy import review as policy
from policy.review import Review

ENDINGS = {"resume": "resumed", "take_over": "taken_over"}
VERDICTS = (*ENDINGS, "claim", "release")
RULES = ReviewRules(
    reviewers=("leads",),
    ladder=(
        Rung(after_seconds=10, kind=RungKind.REMIND),
        Rung(after_seconds=20, kind=RungKind.PASS_ON, to="group:interns"),
        Rung(after_seconds=60, kind=RungKind.FALLBACK, fallback=Fallback.GO_ON),
    ),
)
PEOPLE = {**REVIEWERS, "eve": ReviewerRecord(name="eve", display_name="Eve", groups=("cooks",))}


def opened(digest: str | None = None) -> Review:
    return policy.opened(RULES, ENDINGS, at(0), subject_id="subject-1", digest=digest)


def sent(review: Review, when: float, reviewer: str, verdict: str, **more: Any) -> tuple[Review, DecisionReceipt]:
    raw = json.dumps({"reviewer": reviewer, "verdict": verdict, **more}).encode()
    arrived = arrival.read(raw, verdicts=VERDICTS)
    return policy.judge(review, arrived, PEOPLE.get(arrived.reviewer), at(when))


@pytest.mark.parametrize(
    ("when", "reviewer", "verdict", "reason", "stage"),
    [
        (1, "ann", "resume", "counted", "resumed"),
        (59.9, "ann", "take_over", "counted", "taken_over"),
        (60, "ann", "resume", "too late", OPEN),
        (19.9, "ben", "resume", "ben is none of group:leads", OPEN),
        (20, "ben", "resume", "counted", "resumed"),
        (30, "eve", "resume", "eve is none of group:leads, group:interns", OPEN),
        (1, "dot", "resume", "dot is not a reviewer", OPEN),
        (1, "nobody", "resume", "nobody is not a reviewer", OPEN),
        (1, "ann", "approve", "not one of resume, take_over, claim, release", OPEN),
        (1, "ann", "claim", "claimed by ann", OPEN),
        (1, "ann", "release", "claimed by nobody", OPEN),
    ],
)
def test_what_becomes_of_one(when: float, reviewer: str, verdict: str, reason: str, stage: str) -> None:
    review, receipt = sent(opened(), when, reviewer, verdict, note="He is right.")
    assert reason in receipt.reason and review.stage == stage
    assert (review.reviewer is not None) == (stage != OPEN)
    assert (review.note.body if review.note else None) == ("He is right." if stage != OPEN else None)


def test_the_second_is_refused_and_a_claim_binds_nobody() -> None:
    review, _ = sent(opened(), 1, "ann", "claim")
    review, other = sent(review, 2, "cid", "claim")
    assert other.reason == "claimed by ann already; whoever may decide still may"
    review, receipt = sent(review, 3, "cid", "take_over")
    assert receipt.reason == "counted, although claimed by ann"
    review, second = sent(review, 4, "ann", "resume")
    assert not second.accepted and second.reason == "already taken over by cid"


def test_what_has_a_digest_is_decided_by_who_saw_it() -> None:
    review, blind = sent(opened("0123456789ab"), 1, "ann", "resume")
    assert not blind.accepted and "does not say about what" in blind.reason
    review, other = sent(review, 1, "ann", "resume", digest="fedcba987654")
    assert not other.accepted and "something else" in other.reason
    review, _ = sent(review, 1, "ann", "claim")
    review, receipt = sent(review, 1, "ann", "resume", digest="01234567")
    assert receipt.accepted and review.stage == "resumed"


def test_the_end_of_the_ladder_ends_it() -> None:
    review, reached = policy.climbed(opened(), at(25))
    assert [rung.kind for rung in reached] == [RungKind.REMIND, RungKind.PASS_ON] and review.open
    assert policy.view(review).deciders == ("group:leads", "group:interns")
    review, reached = policy.climbed(review, at(60))
    assert [rung.kind for rung in reached] == [RungKind.FALLBACK]
    assert (review.stage, review.decided_at, review.wake_at) == (EXPIRED, at(60), None)
    assert policy.climbed(review, at(99)) == (review, ()) and policy.withdrawn(review, at(99)) == review


def test_what_is_withdrawn_takes_no_decision() -> None:
    review, receipt = sent(policy.withdrawn(opened(), at(1)), 2, "ann", "resume")
    assert review.stage == WITHDRAWN and receipt.reason.startswith("withdrawn")


STEPS = st.tuples(
    st.sampled_from(["decide", "climb", "withdraw"]),
    st.floats(0, 15),
    st.sampled_from([*PEOPLE, "nobody", ""]),
    st.sampled_from([*VERDICTS, "approve", ""]),
)


@given(st.lists(STEPS, max_size=30))
@settings(max_examples=300, deadline=None)
def test_whatever_comes_at_most_one_decision_counts(steps: list[tuple[str, float, str, str]]) -> None:
    review, now = opened(), 0.0
    endings = 0
    for what, seconds, reviewer, verdict in steps:
        now += seconds
        before = review
        if what == "climb":
            review, _ = policy.climbed(review, at(now))
        elif what == "withdraw":
            review = policy.withdrawn(review, at(now))
        else:
            review, receipt = sent(review, now, reviewer, verdict)
            assert receipt.number == len(review.receipts) == len(before.receipts) + 1
            if not receipt.accepted:
                assert review == before.model_copy(update={"receipts": review.receipts})
            elif verdict in ENDINGS:
                endings += 1
                groups = PEOPLE[reviewer].groups
                assert now < 60 and ("leads" in groups or ("interns" in groups and now >= 20))
        if not before.open:
            assert (review.stage, review.reviewer, review.note) == (before.stage, before.reviewer, before.note)
        assert Review.model_validate_json(review.model_dump_json()) == review
    assert endings == (review.stage in ENDINGS.values())
    assert (review.wake_at is None) == (not review.open)
