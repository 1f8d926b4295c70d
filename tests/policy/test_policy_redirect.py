"""A reviewer's plan is read strictly, and held against the composition like a planner's."""

from __future__ import annotations

import json
from typing import Any

import pytest
from policy_samples import T0, checkpoint_request, composition, words
from test_policy_course import planned, result, step

from contracts.checkpoint import CheckpointAt, CheckpointOutcome, CheckpointRequest, CheckpointRule, CheckpointStage
from contracts.task import Parent, PlanStep
from policy import arrival, course, redirect, replanning
from policy.course_state import Course

DESK = composition(max_steps=3)
S2: dict[str, Any] = {"id": "s2", "role": "operator", "goal": "refund it", "depends_on": ["s1"]}
RULE = CheckpointRule(id="look", at=CheckpointAt.PLAN, why="money")
BEFORE = CheckpointRule(id="look", at=CheckpointAt.BEFORE_STEP, why="money")


def request(**more: Any) -> CheckpointRequest:
    return checkpoint_request(RULE, standing=(step("s1"),), ahead=(step("s2", "s1"), step("s3", "s2")), **more)


def read(*steps: dict[str, Any], of: CheckpointRequest | None = None) -> tuple[PlanStep, ...] | str:
    return redirect.edited(json.dumps({"steps": steps}), of or request(), DESK)


def test_steps_are_dropped_changed_and_added() -> None:
    made = read({**S2, "goal": " refund half of it "}, {**S2, "id": "s4", "capabilities": ["orders.read"]})
    assert not isinstance(made, str)
    assert [(s.step_id, s.goal.body, s.depends_on) for s in made] == [
        ("s2", "refund half of it", ("s1",)),
        ("s4", "refund it", ("s1",)),
    ]
    assert read() == (), "what is done may be all"


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([{**S2, "role": "pirate"}], "unknown role 'pirate'"),
        ([{**S2, "depends_on": ["s9"]}], "'s9', which is no step"),
        ([{**S2, "depends_on": ["s3"]}, {**S2, "id": "s3", "depends_on": ["s2"]}], "circle"),
        ([{**S2, "id": f"x{n}"} for n in range(4)], "at most 3"),
        ([{**S2, "capabilities": ["mail.send"]}], "can neither be undone nor waits"),
        ([{**S2, "id": "s1"}], "'s1' has begun already"),
        ([{**S2, "goal": " "}], "cannot be read at steps.0.goal"),
        ([{**S2, "dependson": []}], "steps.0.dependson: Extra inputs"),
        ([{**S2, "wait_for": {"seconds": -1}}], "steps.0.wait_for.seconds"),
        (["refund it"], "cannot be read at steps.0"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(steps: list[Any], reason: str) -> None:
    made = read(*steps)
    assert isinstance(made, str) and reason in made and "refund it" not in made


def test_a_plan_of_a_task_that_is_a_step_has_its_bounds() -> None:
    parent = Parent(task_id="task-0", step_id="s1", depth=1, deadline=T0, steps=1)
    made = read(S2, {**S2, "id": "s3"}, of=request(parent=parent))
    assert isinstance(made, str) and "at most 1" in made


def test_what_is_printed_to_be_edited_is_what_is_read() -> None:
    asked = request()
    assert redirect.edited(json.dumps(redirect.to_edit(asked.ahead)), asked, DESK) == asked.ahead


def at(rule: CheckpointRule) -> Course:
    it = planned(step("s1"), step("s2", "s1"), step("s3", "s2")).model_copy(update={"checkpoints": (rule,)})
    return it if rule.at is CheckpointAt.PLAN else course.ended(course.started(it, "s1"), result("s1"))


def edited(it: Course, *steps: PlanStep) -> Course:
    due = course.checkpoint(it)
    assert due is not None
    told = CheckpointOutcome(checkpoint_id="c1", stage=CheckpointStage.REDIRECTED, goes_on=False, steps=steps)
    return replanning.looked_at(it, due, told)


def test_an_edited_plan_runs_without_being_looked_at_again() -> None:
    it = edited(at(RULE), step("s2"), step("s3", "s2", goal="other"))
    assert course.checkpoint(it) is None and not course.needs_plan(it) and it.replans == 0
    assert [s.step_id for s in course.to_start(it, T0)] == ["s2"]


def test_what_has_begun_stays_and_another_step_is_looked_at_in_its_turn() -> None:
    it = edited(at(BEFORE), step("s4", "s1"), step("s2", "s4"))
    assert [s.step_id for s in it.plan.steps][-2:] == ["s4", "s2"]
    due = course.checkpoint(it)
    assert due is not None and due.step_id == "s4", "a step that nobody has looked at"


def test_a_correction_that_came_meanwhile_has_it_planned_anew() -> None:
    late = at(RULE)
    due = course.checkpoint(late)
    assert due is not None
    it = late.model_copy(update={"corrections": (words("make it Tuesday"),)})
    told = CheckpointOutcome(checkpoint_id="c1", stage=CheckpointStage.REDIRECTED, goes_on=False, steps=(step("s9"),))
    after = replanning.looked_at(it, due, told)
    assert course.needs_plan(after) and "s9" not in {s.step_id for s in after.plan.steps}


def test_a_plan_that_is_sent_is_sealed_whole() -> None:
    sent = {"reviewer": "ann", "verdict": "redirect", "plan": {"steps": [S2]}}
    sealed = arrival.sealable(sent, "subject-1")
    assert set(sealed["plan"]) == {"subject_id", "body"}, "goals are content"  # type: ignore[call-overload]
    read_back = arrival.read(json.dumps(sealed).encode(), verdicts=("redirect",))
    assert read_back.problem is None and json.loads(read_back.plan or "") == {"steps": [S2]}
