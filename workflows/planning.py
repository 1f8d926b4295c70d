"""Has a task's plan made, beside what already runs: the first one, and those after a correction or a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.models import ModelActivities
    from contracts.composition import Composition
    from contracts.task import Plan, PlanRequest, TaskRequest
    from policy import course as policy
    from policy import plan as planning
    from policy import replanning
    from policy.course_state import Course
    from workflows import options

REPAIR_ROUNDS = 1


class Planner:
    """At most one plan is being made. `course` tells how the task stands now."""

    def __init__(self, request: TaskRequest, composition: Composition, course: Callable[[], Course]) -> None:
        self._request = request
        self._composition = composition
        self._course = course
        self._making: asyncio.Task[Plan | None] | None = None
        self._corrections = 0

    @property
    def done(self) -> bool:
        return self._making is not None and self._making.done()

    def keep_up(self) -> None:
        """Begins to make a plan if one is needed, and gives one up that is not, or that a correction overtook."""
        course = self._course()
        wanted = policy.needs_plan(course)
        if self._making is not None and (not wanted or self._corrections < len(course.corrections)):
            self._making.cancel()
            self._making = None
        if wanted and self._making is None:
            self._corrections = len(course.corrections)
            self._making = asyncio.create_task(self._make())

    def take(self) -> Course:
        """The course with the plan that is done. A plan that does not fit it any more is to be made again."""
        if self._making is None:
            raise ValueError("no plan is being made")
        made, self._making = self._making.result(), None
        course = self._course()
        if made is None:
            return replanning.not_replanned(course)
        return course if self._errors(made) else replanning.replanned(course, made, self._corrections)

    async def _make(self) -> Plan | None:
        """A plan that fits; None if there is none."""
        errors: tuple[str, ...] = ()
        for attempt in range(1 + REPAIR_ROUNDS):
            course = self._course()
            try:
                plan: Plan = await workflow.execute_activity_method(
                    ModelActivities.plan,
                    PlanRequest(
                        task=self._request,
                        errors=errors,
                        results=course.everything,
                        running=course.running,
                        corrections=course.corrections,
                        now=workflow.now(),
                    ),
                    **options.models("plan" if attempt == 0 else "plan, repaired"),
                )
            except ActivityError as error:
                if is_cancelled_exception(error):
                    raise
                workflow.logger.warning("no plan was made: %s", type(error.cause).__name__)
                return None
            errors = self._errors(plan)
            if not errors:
                return plan
        return None

    def _errors(self, plan: Plan) -> tuple[str, ...]:
        course = self._course()
        whole = replanning.proposed(course, plan)
        standing = sum(step.step_id in course.started for step in whole.steps)
        return planning.errors_of(whole, self._composition, standing=standing)
