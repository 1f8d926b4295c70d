"""A step that is a task of its own: what it gets of the one that it is part of, and what it gives back."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from contracts.composition import Composition
from contracts.names import part_id
from contracts.taint import Influence
from contracts.task import (
    EffectRecord,
    Parent,
    PlanStep,
    StepKind,
    StepResult,
    StepStatus,
    TaskRequest,
    TaskResult,
    TaskStage,
)
from policy import compensation, taint
from policy.course_state import STANDS, Course

_STATUS = {
    TaskStage.DONE: StepStatus.DONE,
    TaskStage.NEEDS_PERSON: StepStatus.NEEDS_PERSON,
    TaskStage.DECLINED: StepStatus.DECLINED,
    TaskStage.CANCELLED: StepStatus.CANCELLED,
}


def within(composition: Composition, parent: Parent | None) -> Composition:
    """The composition with the limits of a task that is a step of another one; as it is for every other task."""
    if parent is None:
        return composition
    limits = composition.limits
    changes = {
        "task_depth": max(0, limits.task_depth - parent.depth),
        "tree_steps": parent.steps,
        "max_steps": min(limits.max_steps, parent.steps),
    }
    return composition.model_copy(update={"limits": limits.model_copy(update=changes)})


def share(course: Course, given: int) -> int:
    """How many steps the next step that is a task of its own may have, with all tasks below it.

    What is left is divided among those that are still to start; `given` is what others have got. Never less than one:
    a plan made anew may find nothing left, and is itself bounded.
    """
    left = course.limits.tree_steps - len(course.plan.steps) - len(course.past) - given
    ahead = sum(s.kind is StepKind.TASK and s.step_id not in course.started for s in course.plan.steps)
    return max(1, left // max(1, ahead))


def request(
    of: TaskRequest, step: PlanStep, course: Course, *, deadline: datetime, steps: int, read: Iterable[Influence] = ()
) -> TaskRequest:
    """What a step of `of` is asked for as a task of its own. `read`: untrusted text that whoever planned it has read.

    Its planner reads what was done before, so that it is tainted by that too.
    """
    prior = (*before(of), *(course.results[n] for n in step.depends_on))
    parent = Parent(
        task_id=of.task_id,
        step_id=step.step_id,
        depth=of.parent.depth + 1 if of.parent else 1,
        deadline=deadline,
        steps=steps,
        prior=prior,
        corrections=course.corrections[: course.planned_for],
    )
    influences = taint.merged((*of.influences, *read, *(known for result in prior for known in result.influences)))
    return of.model_copy(
        update={
            "task_id": part_id(of.task_id, step.step_id),
            "goal": step.goal,
            "parent": parent,
            "influences": influences,
        }
    )


def before(of: TaskRequest) -> tuple[StepResult, ...]:
    """What was done before a task that is a step, under names that are none of its own steps'."""
    known = of.parent.prior if of.parent else ()
    return tuple(result.model_copy(update={"step_id": f"before.{result.step_id}"}) for result in known)


def result(step: PlanStep, came_to: TaskResult) -> StepResult:
    """What came of a step that was a task of its own. Of one that was not done, what it tells is all that it can."""
    status = _STATUS.get(came_to.stage, StepStatus.FAILED)
    return StepResult(
        step_id=step.step_id,
        role=step.role,
        status=status,
        answer=came_to.speech,
        partial=status not in STANDS,
        effects=came_to.effects,
        influences=came_to.influences,
    )


def left_standing(results: Collection[StepResult], undone: Collection[EffectRecord]) -> tuple[EffectRecord, ...]:
    """What a task did and did not undo, each with the role that had it, for the one that it is part of."""
    gone = {effect.call_id for effect in undone}
    return tuple(
        effect.model_copy(update={"role": effect.role or step.role})
        for step, effect in compensation.standing(results)
        if effect.call_id not in gone
    )
