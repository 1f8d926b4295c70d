"""The hand-offs of one task: started, steered while they run, and their results taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ChildWorkflowError
from temporalio.workflow import ChildWorkflowHandle

with workflow.unsafe.imports_passed_through():
    from contracts.base import Content
    from contracts.composition import Composition
    from contracts.handoff import Fact, HandoffContext, Trust
    from contracts.names import Signal, TaskQueue, step_workflow_id
    from contracts.taint import Influence
    from contracts.task import PlanStep, StepControl, StepOrder, StepResult, StepStatus, TaskRequest
    from contracts.tools import Effect
    from policy import course as policy
    from policy import taint
    from policy.authority import tools_of
    from policy.course import Course
    from workflows import options, recording
    from workflows.handoff import HandoffWorkflow


@dataclass
class _Running:
    """`extended`: by how much the task's deadline had been put off when the step began, in seconds."""

    step: PlanStep
    handle: ChildWorkflowHandle[HandoffWorkflow, StepResult]
    context: HandoffContext
    extended: float
    told: StepControl


class Steps:
    def __init__(self, request: TaskRequest, composition: Composition) -> None:
        self._request = request
        self._composition = composition
        self._running: dict[str, _Running] = {}

    @property
    def ended(self) -> tuple[PlanStep, ...]:
        """Steps whose result can be taken."""
        return tuple(r.step for r in self._running.values() if r.handle.done())

    async def start(self, step: PlanStep, course: Course) -> None:
        context = self._context(step, course)
        handle = await workflow.start_child_workflow(
            HandoffWorkflow.run,
            context,
            id=step_workflow_id(self._request.task_id, step.step_id),
            task_queue=TaskQueue.ORCHESTRATION.value,
            static_summary=f"Step {step.step_id} for role {step.role}",
            search_attributes=options.about(
                self._request.session_id, self._request.subject_id, self._request.composition
            ),
        )
        told = StepControl(revision=0, order=StepOrder.GO, deadline=context.deadline)
        self._running[step.step_id] = _Running(step, handle, context, course.extended_seconds, told)

    async def steer(self, course: Course) -> None:
        """Tells each running step what it should do by now, if that has changed."""
        for step_id, it in list(self._running.items()):
            later = timedelta(seconds=course.extended_seconds - it.extended)
            order, deadline = policy.wanted(course, step_id), it.context.deadline + later
            if it.handle.done() or (it.told.order, it.told.deadline) == (order, deadline):
                continue
            it.told = StepControl(revision=it.told.revision + 1, order=order, deadline=deadline)
            await recording.tell(step_workflow_id(self._request.task_id, step_id), Signal.STEP_CONTROL, it.told)

    async def take(self, step: PlanStep) -> StepResult:
        """The result of a step that has ended. One whose workflow broke may have had effects that nobody knows of."""
        it = self._running.pop(step.step_id)
        try:
            return await it.handle
        except ChildWorkflowError as error:
            workflow.logger.warning("step %s broke: %s", step.step_id, type(error.cause).__name__)
            risky = any(t.effect is not Effect.NONE for t in tools_of(self._composition, step.role))
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

    def _context(self, step: PlanStep, course: Course) -> HandoffContext:
        request = self._request
        left = course.control.deadline - (course.control.paused_since or workflow.now())
        return HandoffContext(
            task_id=request.task_id,
            step_id=step.step_id,
            role=step.role,
            session_id=request.session_id,
            subject_id=request.subject_id,
            composition=request.composition,
            goal=step.goal,
            conversation=request.conversation,
            facts=tuple(
                Fact(source=_source(course, number), trust=Trust.PERSON, text=words)
                for number, words in enumerate(course.corrections)
            ),
            prior=tuple(course.results[n] for n in step.depends_on),
            budget=self._composition.role(step.role).budget,
            deadline=workflow.now() + left,
            influences=taint.merged((*request.influences, *_read_by_planner(course))),
        )

    def _words(self, text: str) -> Content:
        return Content(subject_id=self._request.subject_id, body=text)


def _read_by_planner(course: Course) -> Iterable[Influence]:
    """Untrusted text that stood in what came of earlier steps: a planner who plans anew reads that."""
    again = course.planned_for > 0 or course.replans > 0
    return (influence for result in course.everything if again for influence in result.influences)


def _source(course: Course, number: int) -> str:
    if number in course.redirections:
        return "a colleague, who looked at the plan"
    return "the caller, who corrected the request"
