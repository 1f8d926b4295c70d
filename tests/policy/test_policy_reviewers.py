"""Who may decide about how much, who is away, and to whom it is passed on then."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from policy_samples import REVIEWERS, T0, approval_request, at, words

from contracts.approval import Editable
from contracts.ladder import Fallback, Rung, RungKind
from contracts.records import Absence, EffectEntry, ReviewerRecord
from contracts.rules import Totals
from policy import approval, counting
from policy.approval_state import ApprovalState
from policy.arrival import Arrived
from policy.authority import action_digest
from policy.reviewers import away_until, eligible, within

ANN = REVIEWERS["ann"]
LOW = ANN.model_copy(update={"up_to": {"billing.refund": 50.0}})
AWAY = ANN.model_copy(update={"absences": (Absence(since=at(-60), until=at(3600)),)})
CHIEF = ReviewerRecord(name="eve", display_name="Eve", groups=("chiefs",))
LADDER = (
    Rung(after_seconds=10, kind=RungKind.REMIND),
    Rung(after_seconds=20, kind=RungKind.PASS_ON, to="group:chiefs"),
    Rung(after_seconds=60, kind=RungKind.FALLBACK, fallback=Fallback.DENY),
)


def waiting(amount: str | None = "80", **changes: object) -> ApprovalState:
    arguments = {"order": "7"} | ({"amount": amount} if amount else {})
    request = approval_request().model_copy(
        update={
            "arguments": words(json.dumps(arguments)),
            "digest": action_digest("refund", arguments),
            "amount_argument": "amount",
            "editable": {"amount": Editable(at_most="original")},
            **changes,
        }
    )
    return approval.opened(request, T0)


def decided(state: ApprovalState, reviewer: ReviewerRecord, **changes: object) -> str:
    sent = Arrived(reviewer=reviewer.name, verdict="approve", digest=state.digest).model_copy(update=changes)
    return approval.judge(state, sent, reviewer, at(1))[1].reason


@pytest.mark.parametrize(
    ("amount", "fits"),
    [("50", True), ("50.01", False), (None, False), ("many", False)],
)
def test_an_amount_above_the_authority_is_for_somebody_else(amount: str | None, fits: bool) -> None:
    assert (decided(waiting(amount), LOW) == "counted") is fits
    assert decided(waiting(amount), ANN) == "counted", "who has no bound decides about any amount"


def test_a_lower_amount_may_be_approved_by_whom_it_is_within() -> None:
    assert decided(waiting("80"), LOW, arguments='{"amount": "40"}').startswith("counted, changed amount")
    assert "up to 50" in decided(waiting("80"), LOW, arguments='{"amount": "60"}')


def test_a_star_stands_for_every_capability_without_a_bound_of_its_own() -> None:
    both = ANN.model_copy(update={"up_to": {"*": 5.0, "billing.refund": 50.0}})
    assert within("billing.refund", both, Decimal(50)) and not within("mail.send", both, Decimal(6))


def test_who_is_away_decides_nothing_until_they_are_back() -> None:
    assert "away until 2026-01-01 13:00 UTC" in decided(waiting(), AWAY)
    assert away_until(AWAY, at(3600)) is None and eligible("billing.refund", AWAY, Decimal(1), at(3600))
    sent = Arrived(reviewer="eve", verdict="delegate", digest=waiting().digest, to="ann")
    state = waiting(reviewers=())
    assert "nobody of ann may decide" in approval.judge(state, sent, CHIEF, at(1), (AWAY,))[1].reason


@pytest.mark.parametrize(
    ("people", "skips"),
    [((ANN,), False), ((AWAY,), True), ((LOW,), True), ((AWAY, ANN), False), ((), True), ((CHIEF,), True)],
)
def test_it_is_passed_on_at_once_while_nobody_is_there(people: tuple[ReviewerRecord, ...], skips: bool) -> None:
    state, rung = approval.skipped(waiting(ladder=LADDER), people, at(1))
    assert (rung is not None) is skips
    assert state.deciders(at(1)) == ("group:leads", *(("group:chiefs",) if skips else ()))
    assert state.deadline == at(60), "the deadline stays"
    assert approval.skipped(state, (), at(1))[1] is None or not skips, "and there is nobody further to pass it on to"


def test_a_grant_goes_no_further_than_its_giver() -> None:
    state = waiting("40", grant_seconds=600.0)
    wide = {"verdict": "approve_and_grant", "vary": '{"amount": {"at_most": 60}}'}
    assert "may let amount go up to 50" in decided(state, LOW, **wide)
    assert "may let amount go up to 50" in decided(state, LOW, **wide | {"vary": '{"amount": "any"}'})
    assert "granted until" in decided(state, LOW, **wide | {"vary": '{"amount": {"at_most": 50}}'})


def test_effects_are_counted_by_period() -> None:
    def effect(ago: timedelta, amount: float | None) -> EffectEntry:
        return EffectEntry(
            call_id=str(ago), composition="desk", tool="refund", subject_id="ada", session_id="s", amount=amount,
            at=T0 - ago,
        )  # fmt: skip

    known = (effect(timedelta(minutes=5), 10), effect(timedelta(hours=1), None), effect(timedelta(days=6), 30))
    found = counting.totals(known, T0)
    assert (found.done, found.spent) == (Totals(hour=1, day=2, week=3), Totals(hour=10, day=10, week=40))
