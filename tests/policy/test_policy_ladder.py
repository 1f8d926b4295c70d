"""Climbing a ladder: by tables, and by any course of waiting and extending."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_samples import REVIEWERS, T0, at
from pydantic import TypeAdapter, ValidationError

from contracts.ladder import Fallback, Ladder, Rung, RungKind
from contracts.phrases import Phrases
from contracts.rules import ApprovalRule
from policy import ladder as policy
from policy.ladder import Climb

PHRASES = Phrases(greeting="Hello.", still_waiting="Still.", passed_on="Passed on.", expired="Too late.")
STEPS: Ladder = (
    Rung(after_seconds=10, kind=RungKind.REMIND),
    Rung(after_seconds=20, kind=RungKind.PASS_ON, to="group:interns", say="Someone else looks."),
    Rung(after_seconds=30, kind=RungKind.PASS_ON, to="eve", say=""),
    Rung(after_seconds=40, kind=RungKind.FALLBACK, fallback=Fallback.DENY),
)
OPENED = Climb(opened_at=T0)


def climb(seconds: float, start: Climb = OPENED) -> Climb:
    return policy.climbed(STEPS, start, at(seconds))


@pytest.mark.parametrize(
    ("seconds", "reached", "wakes", "told"),
    [
        (0, 0, 10, []),
        (9.9, 0, 10, []),
        (10, 1, 20, ["Still."]),
        (25, 2, 30, ["Still.", "Someone else looks."]),
        (30, 3, 40, ["Still.", "Someone else looks.", None]),
        (40, 4, None, ["Still.", "Someone else looks.", None, "Too late."]),
    ],
)
def test_what_is_due_and_when_to_look_again(
    seconds: float, reached: int, wakes: float | None, told: list[str | None]
) -> None:
    due = policy.due(STEPS, OPENED, at(seconds))
    assert [policy.words(rung, PHRASES) for rung in due] == told
    after = climb(seconds)
    assert after.reached == reached
    assert policy.wake_at(STEPS, after) == (None if wakes is None else at(wakes))
    assert policy.due(STEPS, after, at(seconds)) == (), "no rung twice"


@pytest.mark.parametrize(
    ("seconds", "deciders"), [(0, {"ann", "cid", "dot"}), (20, {"ann", "ben", "cid", "dot"}), (30, {*REVIEWERS, "eve"})]
)
def test_passing_on_lets_more_people_decide_and_takes_it_from_nobody(seconds: float, deciders: set[str]) -> None:
    people = REVIEWERS | {"eve": REVIEWERS["ann"].model_copy(update={"name": "eve", "groups": ()})}
    found = {name for name, who in people.items() if policy.may_decide(STEPS, climb(seconds), ["leads"], who)}
    assert found == deciders
    assert all(policy.may_decide(STEPS, OPENED, (), who) for who in people.values()), "no group named: everybody"


def test_an_extension_puts_off_what_was_not_reached_and_repeats_nothing() -> None:
    later = policy.extended(climb(10), 60)
    assert policy.wake_at(STEPS, later) == at(80) and policy.deadline(STEPS, later) == at(100)
    assert policy.due(STEPS, later, at(79)) == ()
    with pytest.raises(ValueError, match="nearer"):
        policy.extended(later, -1)


def test_a_rule_without_a_ladder_is_a_mere_deadline() -> None:
    rule = ApprovalRule(id="r", tool="refund", reason="money", deadline_seconds=5)
    ladder = policy.of(rule)
    assert policy.due(ladder, OPENED, at(4.9)) == () and len(policy.due(ladder, OPENED, at(5))) == 1
    assert policy.fallback(ladder) is Fallback.DENY


def test_a_rules_deadline_is_its_ladders_end_and_survives_a_journey() -> None:
    rule = ApprovalRule.model_validate({"id": "r", "tool": "refund", "reason": "money", "ladder": STEPS})
    assert (rule.deadline_seconds, policy.of(rule)) == (40, STEPS)
    assert ApprovalRule.model_validate_json(rule.model_dump_json()) == rule
    with pytest.raises(ValidationError, match="leave it out"):
        ApprovalRule.model_validate({**rule.model_dump(), "deadline_seconds": 41})


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        ({"order": "7", "amount": 3}, ("note", {"about": "7"})),
        ({"amount": 3}, None),
        ([1], None),
    ],
)
def test_the_safe_call_takes_its_arguments_from_the_gated_one(
    arguments: object, call: tuple[str, dict[str, str]] | None
) -> None:
    last = Rung(
        after_seconds=1,
        kind=RungKind.FALLBACK,
        fallback=Fallback.SAFE_DEFAULT,
        tool="note",
        arguments={"about": "order"},
    )
    assert policy.safe_call((last,), json.dumps(arguments)) == call
    assert policy.safe_call((last,), "{broken") is None
    assert policy.safe_call(STEPS, '{"order":"7"}') is None


def test_what_is_ahead_in_words() -> None:
    assert policy.in_words(STEPS, climb(20)) == (
        "- 12:00:30 UTC: `eve` may decide too\n- 12:00:40 UTC: nobody decided: deny"
    )


times = st.lists(st.integers(1, 500), min_size=1, max_size=6, unique=True).map(sorted)
kinds = st.lists(st.sampled_from([RungKind.REMIND, RungKind.PASS_ON]), min_size=6, max_size=6)


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    when, kind = draw(times), draw(kinds)
    rungs = [
        Rung(after_seconds=second, kind=k, to=f"group:g{number}" if k is RungKind.PASS_ON else None)
        for number, (second, k) in enumerate(zip(when[:-1], kind, strict=False))
    ]
    rungs.append(Rung(after_seconds=when[-1], kind=RungKind.FALLBACK, fallback=draw(st.sampled_from(DECLARABLE))))
    return TypeAdapter(Ladder).validate_python(tuple(rungs))


DECLARABLE = [Fallback.DENY, Fallback.PERSON, Fallback.GO_ON]
courses = st.lists(st.tuples(st.sampled_from(["wait", "extend"]), st.integers(0, 200)), max_size=25)


@given(ladders(), courses)
def test_whatever_the_course_each_rung_is_taken_once_in_order_and_never_early(
    ladder: Ladder, course: list[tuple[str, int]]
) -> None:
    now, standing, taken = T0, OPENED, list[Rung]()
    deciders: set[str] = set()
    for what, seconds in course:
        if what == "extend":
            before = policy.deadline(ladder, standing)
            standing = policy.extended(standing, seconds)
            assert (policy.deadline(ladder, standing) - before).total_seconds() == seconds
            continue
        now = at((now - T0).total_seconds() + seconds)
        due = policy.due(ladder, standing, now)
        assert all(policy.moment(rung, standing) <= now for rung in due)
        taken += due
        standing = policy.climbed(ladder, standing, now)
        wake = policy.wake_at(ladder, standing)
        assert wake is None or wake > now, "who waits until then makes progress"
        passed = set(policy.passed_on(ladder, standing))
        assert deciders <= passed, "being passed on takes the decision from nobody"
        deciders = passed
    assert taken == list(ladder[: len(taken)]) and standing.reached == len(taken)
    ended = any(rung.kind is RungKind.FALLBACK for rung in taken)
    assert ended == (policy.wake_at(ladder, standing) is None) == (len(taken) == len(ladder))


@given(ladders(), st.lists(st.integers(0, 300), max_size=8))
def test_looking_often_or_once_comes_to_the_same(ladder: Ladder, waits: list[int]) -> None:
    standing, seconds = OPENED, 0
    for wait in waits:
        seconds += wait
        standing = policy.climbed(ladder, standing, at(seconds))
    assert standing == policy.climbed(ladder, OPENED, at(seconds))


@pytest.mark.parametrize(
    ("rungs", "told"),
    [
        ([{"after_seconds": 5, "kind": "remind"}], "last rung must say"),
        ([{"after_seconds": 0, "kind": "fallback", "fallback": "deny"}], "greater than 0"),
        ([{"after_seconds": 1, "kind": "pass_on"}], "belongs to pass_on"),
        ([{"after_seconds": 1, "kind": "pass_on", "to": "group: "}], "names nobody"),
        ([{"after_seconds": 1, "kind": "remind", "to": "ann"}], "belongs to pass_on"),
        ([{"after_seconds": 1, "kind": "fallback"}], "belongs to kind fallback"),
        ([{"after_seconds": 1, "kind": "fallback", "fallback": "safe_default"}], "the call made instead"),
        ([{"after_seconds": 1, "kind": "fallback", "fallback": "deny", "tool": "x"}], "the call made instead"),
        (
            [{"after_seconds": 2, "kind": "remind"}, {"after_seconds": 2, "kind": "fallback", "fallback": "deny"}],
            "must rise",
        ),
        (
            [{"after_seconds": 1, "kind": "fallback", "fallback": "deny"}, {"after_seconds": 2, "kind": "remind"}],
            "nothing can come after",
        ),
    ],
)
def test_a_wrong_ladder_is_told(rungs: list[dict[str, object]], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        TypeAdapter(Ladder).validate_python(rungs)
