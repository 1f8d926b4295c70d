"""What a plan must satisfy, and in which order its steps run, over random graphs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import composition, words

from contracts.task import PLANNER, Plan, PlanStep, StepKind, StepResult, StepStatus, TaskStage, WaitFor
from policy import plan as planning

DESK = composition()


def step(step_id: str, *needs: str, role: str = "operator", **more: Any) -> PlanStep:
    return PlanStep(step_id=step_id, role=role, goal=words("do"), depends_on=needs, **more)


def task(step_id: str, *needs: str, role: str = PLANNER, **more: Any) -> PlanStep:
    return step(step_id, *needs, role=role, kind=StepKind.TASK, **more)


def plan(*steps: PlanStep) -> Plan:
    return Plan(steps=steps)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (plan(), "no step"),
        (plan(*(step(f"s{n}") for n in range(9))), "at most 8"),
        (plan(step("s1"), step("s1")), "more than once"),
        (plan(step("s1", role="pirate")), "one of clerk, operator"),
        (plan(step("s1", role="voice")), "unknown role 'voice'"),
        (plan(step("s1", role="planner")), "unknown role 'planner'"),
        (plan(step("s1", "s2")), "no step of the plan"),
        (plan(step("s1", "s1")), "circle"),
        (plan(step("s1", "s2"), step("s2", "s3"), step("s3", "s1")), "circle"),
        (plan(step("")), "step id"),
        (plan(step("x" * 33)), "step id"),
        (plan(step("look up\nAnna")), "step id"),
        (plan(step("s1", capabilities=("moon.land",))), "has no capability 'moon.land'"),
        (plan(step("s1", capabilities=("mail.send",))), "can neither be undone nor waits for an approval"),
        (plan(step("s1", wait_for=WaitFor(event="paid"))), "nobody sends an event 'paid'"),
        (plan(step("s1", wait_for=WaitFor(seconds=8 * 86_400))), "at most 604800"),
        (plan(task("s1", role="operator")), "is 'planner', not 'operator'"),
        (plan(task("s1", capabilities=("orders.read",))), "needs no capability"),
        (plan(task("s1", "s1")), "circle"),
    ],
)
def test_a_wrong_plan_is_told_what_is_wrong(wrong: Plan, hint: str) -> None:
    assert any(hint in error for error in planning.errors_of(wrong, DESK))


def test_a_right_plan_has_no_errors() -> None:
    right = plan(step("s1", role="clerk"), step("s2", "s1"), step("s3", "s1"), step("s4", "s2", "s3", "s2"))
    assert planning.errors_of(right, DESK) == ()


def test_tasks_of_their_own_are_bounded_in_depth_and_in_number() -> None:
    def within(**limits: int) -> tuple[str, ...]:
        desk = DESK.model_copy(update={"limits": DESK.limits.model_copy(update=limits)})
        return planning.errors_of(plan(step("s1"), task("s2", "s1"), task("s3")), desk)

    assert within() == within(tree_steps=5) == ()
    assert all("nothing here may be a task of its own" in error for error in within(task_depth=0))
    assert within(tree_steps=4) == ("3 steps, of which 2 have steps of their own, are more than 4",)


def test_a_step_waits_for_an_event_that_somebody_sends() -> None:
    desk = DESK.model_copy(update={"events": {"paid": "the money has come"}})
    assert planning.errors_of(plan(step("s1", wait_for=WaitFor(event="paid", seconds=60))), desk) == ()


@st.composite
def graphs(draw: st.DrawFn) -> Plan:
    """An acyclic plan of up to 8 steps in any written order."""
    count = draw(st.integers(1, 8))
    steps = [
        step(f"s{n}", *(f"s{m}" for m in draw(st.lists(st.integers(0, n - 1), max_size=3)))) if n else step("s0")
        for n in range(count)
    ]
    return Plan(steps=tuple(draw(st.permutations(steps))))


@given(graphs(), st.data())
@settings(max_examples=300, deadline=None)
def test_every_step_runs_at_most_once_in_order_and_none_is_forgotten(graph: Plan, data: st.DataObject) -> None:
    assert planning.errors_of(graph, DESK) == ()
    needs = {s.step_id: s.depends_on for s in graph.steps}
    started: set[str] = set()
    running: set[str] = set()
    results: dict[str, StepResult] = {}
    while len(results) < len(graph.steps):
        for blocked in planning.blocked(graph, started, results):
            assert any(results[n].status is not StepStatus.DONE for n in blocked.depends_on if n in results)
            started.add(blocked.step_id)
            results[blocked.step_id] = _result(blocked, StepStatus.SKIPPED)
        for ready in planning.ready(graph, started, results):
            assert ready.step_id not in started
            assert all(results[n].status is StepStatus.DONE for n in ready.depends_on)
            started.add(ready.step_id)
            running.add(ready.step_id)
        if running:
            ended = data.draw(st.sampled_from(sorted(running)))
            running.discard(ended)
            status = data.draw(st.sampled_from([s for s in StepStatus if s is not StepStatus.SKIPPED]))
            results[ended] = _result(step(ended), status)
    for name, result in results.items():
        broken = any(results[n].status is not StepStatus.DONE for n in needs[name])
        assert (result.status is StepStatus.SKIPPED) == broken


@given(graphs(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_circle_is_always_found(graph: Plan, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(graph.steps), min_size=1, unique=True))
    ring = {s.step_id: chosen[(n + 1) % len(chosen)].step_id for n, s in enumerate(chosen)}
    steps = tuple(
        s.model_copy(update={"depends_on": (*s.depends_on, ring[s.step_id])}) if s.step_id in ring else s
        for s in graph.steps
    )
    assert any("circle" in error for error in planning.errors_of(Plan(steps=steps), DESK))


@given(st.lists(st.sampled_from(StepStatus), min_size=1))
def test_a_task_comes_to_the_worst_of_its_steps(statuses: list[StepStatus]) -> None:
    stage = planning.stage_of([_result(step(f"s{n}"), status) for n, status in enumerate(statuses)])
    if StepStatus.NEEDS_PERSON in statuses:
        assert stage is TaskStage.NEEDS_PERSON
    elif StepStatus.FAILED in statuses:
        assert stage is TaskStage.FAILED
    elif StepStatus.DECLINED in statuses:
        assert stage is TaskStage.DECLINED
    elif StepStatus.CANCELLED in statuses:
        assert stage is TaskStage.CANCELLED
    else:
        assert stage is TaskStage.DONE


def _result(of: PlanStep, status: StepStatus) -> StepResult:
    return StepResult(step_id=of.step_id, role=of.role, status=status, answer=words())
