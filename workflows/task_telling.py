"""What a task tells of itself: to its session, to the inbox of its person, to the records, and to the Web UI."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.mailbox import MailboxActivities
    from contracts.audit_events import HandedOff, TaskMoved
    from contracts.base import Content
    from contracts.delivery import Delivery
    from contracts.names import Signal, session_workflow_id, step_workflow_id, task_workflow_id
    from contracts.phrases import Phrases
    from contracts.records import StepRecord, TaskRecord
    from contracts.task import Parent, PlanStep, StepNews, StepResult, StepStatus, TaskRequest, TaskStage, TaskState
    from policy.course_state import Course
    from workflows import options, recording
    from workflows.scribe import Scribe

_WAITS = {
    TaskStage.WAITING_APPROVAL: "waits for a reviewer",
    TaskStage.WAITING: "waits for its time or an event",
    TaskStage.SUSPENDED: "is on hold",
}


class Telling:
    """`stage` is what was told last; `revision` rises with everything that is told.

    A task that is a step tells the task that it is part of, which alone speaks to the caller.
    """

    def __init__(self, request: TaskRequest, scribe: Scribe) -> None:
        self._request = request
        self._scribe = scribe
        self.stage: TaskStage | None = None
        self._revision = 0
        self._done = 0
        self._news = TaskStage.RUNNING
        """What the task that this one is a step of knows of it."""

    async def told(self, course: Course, stage: TaskStage, speech: Content | None) -> None:
        """Tells an open stage, or how far it has come, if either has changed."""
        if stage is not self.stage:
            await self.moved(course, stage, speech)
        elif course.done != self._done:
            await self.progress(course, speech)

    async def moved(self, course: Course, stage: TaskStage, speech: Content | None) -> None:
        """A new stage. `speech` may be spoken about it; of a final stage it is the outcome."""
        request = self._request
        self.stage = stage
        workflow.upsert_search_attributes([options.TASK_STATE.value_set(stage.value)])
        await self.progress(course, speech)
        self._scribe.put(
            TaskRecord(
                task_id=request.task_id,
                session_id=request.session_id,
                subject_id=request.subject_id,
                composition=request.composition,
                stage=stage,
                revision=self._revision,
                goal=request.goal,
                speech=speech if stage.final else None,
                requested_at=request.requested_at,
                updated_at=workflow.now(),
            ),
            recording.audit(
                request.session_id,
                actor="workflow",
                target=request.task_id,
                event=TaskMoved(state=stage, steps=len(course.plan.steps), done=course.done),
            ),
            summary=f"task {stage.value}",
        )

    async def progress(self, course: Course, speech: Content | None) -> None:
        """To the session alone, whose agents may be asked how it goes."""
        self._revision += 1
        self._done = course.done
        self.describe(course)
        if self._request.parent is not None:
            await self._tell_parent(self._request.parent)
            return
        await recording.tell(
            session_workflow_id(self._request.session_id), Signal.TASK_CHANGED, self.state(course, speech)
        )

    async def _tell_parent(self, parent: Parent) -> None:
        """That others are waited for here, or that it works again; its end is told by its result."""
        stage = TaskStage.RUNNING if self.stage in (None, TaskStage.PLANNING) else self.stage
        if stage is not None and not stage.final and stage is not self._news:
            self._news = stage
            news = StepNews(step_id=parent.step_id, stage=stage)
            await recording.tell(task_workflow_id(parent.task_id), Signal.STEP_MOVED, news)

    def step(self, course: Course, step: PlanStep, result: StepResult | None) -> None:
        """A step began, or ended with that result."""
        self._scribe.put(
            StepRecord(
                task_id=self._request.task_id,
                step_id=step.step_id,
                position=next((n for n, s in enumerate(course.plan.steps, 1) if s.step_id == step.step_id), 0),
                role=step.role,
                goal=step.goal,
                status=result.status if result else None,
                revision=2 if result else 1,
                answer=result.answer if result else None,
                depends_on=step.depends_on,
                updated_at=workflow.now(),
            ),
            recording.audit(
                self._request.session_id,
                actor="workflow",
                target=step_workflow_id(self._request.task_id, step.step_id),
                event=HandedOff(
                    state=result.status if result else "given",
                    task=self._request.task_id,
                    step=step.step_id,
                    role=step.role,
                ),
                exhibits={"answer": result.answer} if result else {"goal": step.goal},
            ),
            summary=f"step {step.step_id} {result.status.value if result else 'started'}",
        )

    async def say(self, kind: str, words: Content, *, ephemeral: bool) -> None:
        """To the person, through their inbox: news of the moment, or what is owed to them."""
        request = self._request
        if request.parent is not None:
            return
        await workflow.execute_activity_method(
            MailboxActivities.deliver,
            Delivery(
                delivery_id=f"{request.task_id}.{kind}" + (f".{self._revision}" if ephemeral else ""),
                subject_id=request.subject_id,
                session_id=request.session_id,
                composition=request.composition,
                task_id=request.task_id,
                topic=request.task_id,
                speech=words,
                created_at=workflow.now(),
                ephemeral=ephemeral,
            ),
            **options.records(f"{kind} to the inbox"),
        )

    def state(self, course: Course, speech: Content | None = None) -> TaskState:
        request = self._request
        return TaskState(
            task_id=request.task_id,
            session_id=request.session_id,
            subject_id=request.subject_id,
            composition=request.composition,
            stage=self.stage or TaskStage.PLANNING,
            revision=self._revision,
            steps_done=course.done,
            steps_total=len(course.plan.steps),
            goal=request.goal,
            sentence=speech,
        )

    def describe(self, course: Course) -> None:
        stage = self.stage or TaskStage.PLANNING
        lines = [f"**{stage.value.replace('_', ' ')}**"]
        if not stage.final:
            clock = "stands still" if course.control.paused_since else f"ends {course.control.deadline:%H:%M:%S} UTC"
            lines.append(f"(its time {clock}; stop it and undo what it did: signal `cancel`, without input)")
        lines.append("")
        for step in course.plan.steps:
            result = course.results.get(step.step_id)
            tick = "x" if result and result.status is StepStatus.DONE else " "
            state = result.status.value if result else _WAITS.get(course.waiting.get(step.step_id, stage), "")
            lines.append(f"- [{tick}] `{step.step_id}` by `{step.role}` {state}".rstrip())
        workflow.set_current_details("\n".join(lines))


def sentence(request: TaskRequest, phrases: Phrases, course: Course, stage: TaskStage) -> Content | None:
    """What may be spoken about an open stage."""
    match stage:
        case TaskStage.RUNNING:
            words = phrases.progress.format(done=course.done, total=len(course.plan.steps))
        case TaskStage.WAITING_APPROVAL:
            words = phrases.waiting_approval
        case TaskStage.WAITING:
            words = phrases.waiting
        case TaskStage.SUSPENDED:
            words = phrases.suspended
        case _:
            return None
    return Content(subject_id=request.subject_id, body=words)
