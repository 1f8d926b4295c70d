"""The steps of one task, hand-offs and tasks of their own: started, steered while they run, their results taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from temporalio import workflow
from temporalio.common import TypedSearchAttributes
from temporalio.exceptions import ChildWorkflowError
from temporalio.workflow import ChildWorkflowHandle

with workflow.unsafe.imports_passed_through():
    from contracts.base import Content
    from contracts.composition import Composition
    from contracts.handoff import HandoffContext
    from contracts.names import Signal, TaskQueue, WorkflowType, step_workflow_id
    from contracts.taint import Influence
    from contracts.task import (
        PlanStep,
        StepControl,
        StepKind,
        StepOrder,
        StepResult,
        StepStatus,
        TaskRequest,
        TaskResult,
    )
    from contracts.tools import Effect
    from policy import course as policy
    from policy import package, subtask, taint
    from policy.authority import tools_of
    from policy.course_state import Course
    from workflows import options, recording
    from workflows.handoff import HandoffWorkflow


@dataclass
class _Running:
    """`extended`: by how much the task's deadline had been put off when the step began, in seconds."""

    step: PlanStep
    handle: ChildWorkflowHandle[Any, StepResult | TaskResult]
    deadline: datetime
    extended: float
    told: StepControl


class Steps:
    def __init__(self, request: TaskRequest, composition: Composition) -> None:
        self._request = request
        self._composition = composition
        self._running: dict[str, _Running] = {}
        self._given = 0
        """How many steps the tasks below have got."""

    @property
    def ended(self) -> tuple[PlanStep, ...]:
        """Steps whose result can be taken."""
        return tuple(r.step for r in self._running.values() if r.handle.done())

    async def start(self, step: PlanStep, course: Course) -> None:
        deadline = workflow.now() + (course.control.deadline - (course.control.paused_since or workflow.now()))
        if step.kind is StepKind.TASK:
            handle = await self._start_task(step, course, deadline)
        else:
            handle = await self._start_handoff(step, self._context(step, course, deadline))
        told = StepControl(revision=0, order=StepOrder.GO, deadline=deadline, corrections=_told(step, course))
        self._running[step.step_id] = _Running(step, handle, deadline, course.extended_seconds, told)

    async def _start_handoff(self, step: PlanStep, context: HandoffContext) -> ChildWorkflowHandle[Any, Any]:
        return await workflow.start_child_workflow(
            HandoffWorkflow.run,
            context,
            id=step_workflow_id(self._request.task_id, step.step_id),
            task_queue=TaskQueue.ORCHESTRATION.value,
            static_summary=f"Step {step.step_id} for role {step.role}",
            search_attributes=self._found_by(),
        )

    async def _start_task(self, step: PlanStep, course: Course, deadline: datetime) -> ChildWorkflowHandle[Any, Any]:
        steps = subtask.share(course, self._given)
        self._given += steps
        return await workflow.start_child_workflow(
            WorkflowType.TASK.value,
            subtask.request(self._request, step, course, deadline=deadline, steps=steps, read=_read_by_planner(course)),
            id=step_workflow_id(self._request.task_id, step.step_id),
            task_queue=TaskQueue.ORCHESTRATION.value,
            result_type=TaskResult,
            static_summary=f"Step {step.step_id}, a task of its own",
            search_attributes=self._found_by(),
        )

    def _found_by(self) -> TypedSearchAttributes:
        request = self._request
        return options.about(request.session_id, request.subject_id, request.composition)

    async def steer(self, course: Course) -> None:
        """Tells each running step what it should do by now, if that has changed."""
        for step_id, it in list(self._running.items()):
            later = timedelta(seconds=course.extended_seconds - it.extended)
            told = StepControl(
                revision=it.told.revision,
                order=policy.wanted(course, step_id),
                deadline=it.deadline + later,
                corrections=_told(it.step, course),
            )
            if it.handle.done() or told == it.told:
                continue
            it.told = told.model_copy(update={"revision": told.revision + 1})
            await recording.tell(step_workflow_id(self._request.task_id, step_id), Signal.STEP_CONTROL, it.told)

    async def take(self, step: PlanStep) -> StepResult:
        """The result of a step that has ended. One whose workflow broke may have had effects that nobody knows of."""
        it = self._running.pop(step.step_id)
        try:
            came_to = await it.handle
            return subtask.result(step, came_to) if isinstance(came_to, TaskResult) else came_to
        except ChildWorkflowError as error:
            workflow.logger.warning("step %s broke: %s", step.step_id, type(error.cause).__name__)
            known = self._composition
            tools = known.tools if step.kind is StepKind.TASK else tools_of(known, step.role)
            risky = any(t.effect is not Effect.NONE for t in tools)
            phrases = self._composition.phrases
            return StepResult(
                step_id=step.step_id,
                role=step.role,
                status=StepStatus.NEEDS_PERSON if risky else StepStatus.FAILED,
                answer=self._words(phrases.needs_person if risky else phrases.failed),
            )

    def skipped(self, step: PlanStep) -> StepResult:
        words = self._words("not started, because an earlier step was not done, or the task was stopped")
        return StepResult(step_id=step.step_id, role=step.role, status=StepStatus.SKIPPED, answer=words)

    def _context(self, step: PlanStep, course: Course, deadline: datetime) -> HandoffContext:
        request = self._request
        return HandoffContext(
            task_id=request.task_id,
            step_id=step.step_id,
            role=step.role,
            session_id=request.session_id,
            subject_id=request.subject_id,
            composition=request.composition,
            goal=step.goal,
            conversation=request.conversation,
            context=(*request.context, *package.corrections(course, workflow.now())),
            prior=(*subtask.before(request), *(course.results[n] for n in step.depends_on)),
            budget=self._composition.role(step.role).budget,
            deadline=deadline,
            influences=taint.merged((*request.influences, *_read_by_planner(course))),
        )

    def _words(self, text: str) -> Content:
        return Content(subject_id=self._request.subject_id, body=text)


def _read_by_planner(course: Course) -> Iterable[Influence]:
    """Untrusted text that stood in what came of earlier steps: a planner who plans anew reads that."""
    again = (course.planned_for or 0) > 0 or course.replans > 0
    return (influence for result in course.everything if again for influence in result.influences)


def _told(step: PlanStep, course: Course) -> tuple[Content, ...]:
    """The corrections that a step has to know of beside its goal: those that the plan which has it knows of."""
    return course.corrections[: course.planned_for] if step.kind is StepKind.TASK else ()
