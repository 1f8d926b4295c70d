"""What a plan that is made anew changes in the course of a task: what stands stays, what has not run is replaced."""

from __future__ import annotations

from contracts.task import Plan, PlanStep
from policy import plan as planning
from policy.course import corrected
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
