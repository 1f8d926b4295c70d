"""Where a person looks at a plan: each point once, in order, and nothing slips past."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_samples import REVIEWERS, at, checkpoint_request, words

from contracts.checkpoint import CheckpointAt, CheckpointRequest, CheckpointRule, CheckpointStage
from contracts.ladder import Fallback, Rung, RungKind
from contracts.task import Plan, PlanStep, StepResult, StepStatus
from policy import arrival, review
from policy import checkpoint as policy
from policy import plan as planning
from policy.checkpoint import Due


def rule(where: CheckpointAt, role: str | None = None, fallback: Fallback = Fallback.DENY) -> CheckpointRule:
    last = Rung(after_seconds=60, kind=RungKind.FALLBACK, fallback=fallback)
    return CheckpointRule(id=where.value, at=where, role=role, why="money", reviewers=("leads",), ladder=(last,))


def step(name: str, role: str = "operator", *needs: str, goal: str | None = None) -> PlanStep:
    return PlanStep(step_id=name, role=role, goal=words(goal or f"do {name}"), depends_on=needs)


def done(name: str, status: StepStatus = StepStatus.DONE, answer: str = "ok") -> StepResult:
    return StepResult(step_id=name, role="operator", status=status, answer=words(answer))


TWO = Plan(steps=(step("s1", "clerk"), step("s2", "operator", "s1")))
PLAN, BEFORE, AFTER = rule(CheckpointAt.PLAN), rule(CheckpointAt.BEFORE_STEP), rule(CheckpointAt.AFTER_STEP)


def where(rules: list[CheckpointRule], *over: str, plan: Plan = TWO, passed: tuple[str, ...] = ()) -> str | None:
    found = policy.due(rules, plan, over, {name: done(name) for name in over}, passed)
    return None if found is None else f"{found.rule.at.value} {found.step_id or '*'}"


@pytest.mark.parametrize(
    ("rules", "over", "expected"),
    [
        ([], (), None),
        ([PLAN], (), "plan *"),
        ([PLAN], ("s1", "s2"), None),
        ([BEFORE], (), "before_step s1"),
        ([BEFORE], ("s1",), "before_step s2"),
        ([AFTER], (), None),
        ([AFTER], ("s1",), "after_step s1"),
        ([BEFORE, AFTER, PLAN], (), "plan *"),
        ([BEFORE, AFTER], ("s1",), "after_step s1"),
        ([rule(CheckpointAt.BEFORE_STEP, "operator")], (), None),
        ([rule(CheckpointAt.BEFORE_STEP, "operator")], ("s1",), "before_step s2"),
        ([rule(CheckpointAt.PLAN, "operator")], (), "plan *"),
        ([rule(CheckpointAt.PLAN, "nobody")], (), None),
    ],
)
def test_where_the_plan_stands(rules: list[CheckpointRule], over: tuple[str, ...], expected: str | None) -> None:
    assert where(rules, *over) == expected


def test_a_step_that_was_not_done_is_not_looked_at_after() -> None:
    assert policy.due([AFTER], TWO, ("s1",), {"s1": done("s1", StepStatus.FAILED)}, ()) is None


def test_a_plan_or_a_step_that_is_put_otherwise_is_another_one() -> None:
    first = policy.due([PLAN, BEFORE], TWO, (), {}, ())
    assert first is not None and where([PLAN], passed=(first.key,)) is None
    again = Plan(steps=(TWO.steps[0], step("s2", "operator", "s1", goal="do it otherwise")))
    assert where([PLAN], plan=again, passed=(first.key,)) == "plan *"
    before = policy.due([BEFORE], TWO, ("s1",), {"s1": done("s1")}, ())
    assert before is not None and where([BEFORE], "s1", plan=again, passed=(before.key,)) == "before_step s2"


def test_what_is_shown_and_what_a_decision_covers() -> None:
    results = {"s1": done("s1", answer="It is there.")}
    found = policy.due([BEFORE], TWO, ("s1",), results, ())
    assert found is not None
    assert policy.shown(found, TWO, ("s1",), results) == (
        "1. [done] clerk: do s1\n   -> It is there.\n2. [next] operator: do s2 (after s1)"
    )
    digest = policy.digest(found, TWO, results)
    assert len(digest) == 64 and digest == policy.digest(found, TWO, results)
    assert digest != policy.digest(found, TWO, {"s1": done("s1", answer="It is gone.")})


def request(fallback: Fallback = Fallback.DENY) -> CheckpointRequest:
    return checkpoint_request(rule(CheckpointAt.PLAN, fallback=fallback))


@pytest.mark.parametrize(
    ("sent", "stage", "goes_on"),
    [
        ({"verdict": "approve"}, CheckpointStage.APPROVED, True),
        ({"verdict": "reject", "note": "no"}, CheckpointStage.REJECTED, False),
        ({"verdict": "redirect", "note": "mail first"}, CheckpointStage.REDIRECTED, False),
        ({"verdict": "redirect"}, CheckpointStage.OPEN, False),
        ({"verdict": "approve", "digest": "ffffffff"}, CheckpointStage.OPEN, False),
    ],
)
def test_what_a_decision_means(sent: dict[str, str], stage: CheckpointStage, goes_on: bool) -> None:
    raw = json.dumps({"reviewer": "ann", "digest": "01234567", **sent}).encode()
    state = policy.opened(request(), at(0))
    state, receipt = review.judge(state, arrival.read(raw, verdicts=state.verdicts), REVIEWERS["ann"], at(1))
    assert receipt.accepted == (stage is not CheckpointStage.OPEN)
    told = policy.outcome(request(), state)
    assert (told.stage, told.goes_on) == (stage, goes_on)
    assert (told.note.body if told.note else None) == (sent.get("note") if receipt.accepted else None)


@pytest.mark.parametrize(("fallback", "goes_on"), [(Fallback.DENY, False), (Fallback.GO_ON, True)])
def test_nobody_decided(fallback: Fallback, goes_on: bool) -> None:
    state, _ = review.climbed(policy.opened(request(fallback), at(0)), at(60))
    told = policy.outcome(request(fallback), state)
    assert (told.stage, told.goes_on, told.reviewer) == (CheckpointStage.EXPIRED, goes_on, None)


ROLES = st.sampled_from(["operator", "clerk", "guide"])
RULES = st.lists(st.builds(rule, st.sampled_from(CheckpointAt), st.none() | ROLES), max_size=4)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    names = [f"s{n}" for n in range(draw(st.integers(1, 5)))]
    return Plan(
        steps=tuple(
            step(name, draw(ROLES), *draw(st.lists(st.sampled_from(names[:n]), unique=True)) if n else ())
            for n, name in enumerate(names)
        )
    )


@given(plans(), RULES, st.randoms(use_true_random=False))
def test_a_run_passes_every_point_that_the_rules_name_exactly_once(
    plan: Plan, rules: list[CheckpointRule], chance: object
) -> None:
    """Runs a plan as a task does: whatever is due is passed before anything more starts."""
    passed: list[str] = []
    seen: list[Due] = []
    results: dict[str, StepResult] = {}
    for _ in range(100):
        if (found := policy.due(rules, plan, tuple(results), results, passed)) is not None:
            assert found.key not in passed
            passed.append(found.key)
            seen.append(found)
            continue
        free = planning.ready(plan, tuple(results), results)
        if not free:
            break
        for one in free:
            if any(r.at is CheckpointAt.BEFORE_STEP and r.role in (None, one.role) for r in rules):
                assert any(s.step_id == one.step_id for s in seen), "nothing starts unseen"
        name = getattr(chance, "choice")(free).step_id  # noqa: B009
        results[name] = done(name)
    assert set(results) == {s.step_id for s in plan.steps}, "no run gets stuck"
    for s in plan.steps:
        for point in (CheckpointAt.BEFORE_STEP, CheckpointAt.AFTER_STEP):
            wanted = any(r.at is point and r.role in (None, s.role) for r in rules)
            assert sum(d.step_id == s.step_id and d.rule.at is point for d in seen) == wanted
    whole = any(r.at is CheckpointAt.PLAN and (r.role is None or r.role in [s.role for s in plan.steps]) for r in rules)
    assert sum(d.step_id is None for d in seen) == whole
