"""What a plan that is made anew changes in the course of a task: what stands stays, what has not run is replaced."""

from __future__ import annotations

from contracts.checkpoint import CheckpointOutcome, CheckpointStage
from contracts.task import Plan, PlanStep
from policy import plan as planning
from policy.checkpoint import Due
from policy.course import checkpoint, corrected
from policy.course_state import STANDS, Course


def proposed(course: Course, again: Plan) -> Plan:
    """The whole plan, if `again` became part of it: behind what stands or runs, and is not stopped by a correction."""
    kept = [s for s in course.plan.steps if s.step_id in course.started and not _replaced(course, s, again)]
    gone = {s.step_id for s in course.plan.steps if s.step_id in course.started} | {r.step_id for r in course.past}
    return planning.merged(kept, gone - {s.step_id for s in kept}, again)


def _replaced(course: Course, step: PlanStep, again: Plan) -> bool:
    if step.step_id in course.results:
        return course.results[step.step_id].status not in STANDS
    repeated = any(planning.same(s, step) for s in again.steps)
    return step.step_id in course.stopping or (corrected(course) and not repeated)


def replanned(course: Course, again: Plan, corrections: int) -> Course:
    """The course with a plan that was made when so many corrections were known."""
    whole = proposed(course, again)
    ids = {s.step_id for s in whole.steps}
    stopped = tuple(s for s in course.running if s.step_id not in ids)
    gone = tuple(r for step_id, r in course.results.items() if step_id not in ids)
    by_failure = course.planned_for == corrections
    return course.model_copy(
        update={
            "plan": Plan(steps=(*stopped, *whole.steps)),
            "planned_for": corrections,
            "replans": course.replans + by_failure,
            "results": {i: r for i, r in course.results.items() if i in ids},
            "past": (*course.past, *gone),
            "stopping": tuple(s.step_id for s in stopped),
        }
    )


def not_replanned(course: Course) -> Course:
    """The course when no plan could be made. After a failed step the old one stands; else there is nothing to go by."""
    if course.planned_for is not None and not corrected(course):
        return course.model_copy(update={"replans": course.limits.failure_replans})
    return course.model_copy(update={"given_up": True})


def looked_at(course: Course, due: Due, outcome: CheckpointOutcome) -> Course:
    """The course after a checkpoint: it goes on, is planned anew by a reviewer's words or plan, or stops."""
    if outcome.goes_on:
        return course.model_copy(update={"passed": (*course.passed, due.key)})
    if outcome.stage is CheckpointStage.REDIRECTED and outcome.steps is not None:
        return _edited(course, due, outcome.steps)
    if outcome.stage is CheckpointStage.REDIRECTED and outcome.note is not None:
        corrections = (*course.corrections, outcome.note)
        redirections = (*course.redirections, len(course.corrections))
        return course.model_copy(update={"corrections": corrections, "redirections": redirections})
    return course.model_copy(update={"refused": outcome})


def _edited(course: Course, due: Due, steps: tuple[PlanStep, ...]) -> Course:
    """The course with a plan that a reviewer gave, who has seen it: the same point of it needs nobody any more.

    A correction that came meanwhile has the plan made anew, and looked at again.
    """
    if course.planned_for is None or corrected(course):
        return course
    after = replanned(course, Plan(steps=steps), course.planned_for)
    after = after.model_copy(update={"replans": course.replans, "passed": (*course.passed, due.key)})
    again = checkpoint(after)
    seen = again is not None and again.rule == due.rule and again.step_id == due.step_id
    return after.model_copy(update={"passed": (*after.passed, again.key)}) if again is not None and seen else after
