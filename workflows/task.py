"""Delegated work is planned, run step by step, and answered to the person who asked."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import ActivityError, ChildWorkflowError

with workflow.unsafe.imports_passed_through():
    from activities.mailbox import MailboxActivities
    from activities.models import ModelActivities
    from contracts.base import Content
    from contracts.composition import Composition
    from contracts.delivery import Delivery
    from contracts.handoff import HandoffContext
    from contracts.names import Signal, TaskQueue, session_workflow_id, step_workflow_id
    from contracts.records import StepRecord, TaskRecord
    from contracts.task import (
        Plan,
        PlanRequest,
        PlanStep,
        StepNews,
        StepResult,
        StepStatus,
        TaskRequest,
        TaskResult,
        TaskStage,
        TaskState,
    )
    from policy import plan as planning
    from workflows import options, recording
    from workflows.handoff import HandoffWorkflow

REPAIR_ROUNDS = 1


@workflow.defn(name="Task")
class TaskWorkflow:
    @workflow.init
    def __init__(self, request: TaskRequest) -> None:
        self._request = request
        self._stage = TaskStage.PLANNING
        self._revision = 0
        self._plan = Plan(steps=())
        self._results: dict[str, StepResult] = {}
        self._waiting: set[str] = set()
        self._news: list[StepNews] = []

    @workflow.run
    async def run(self, request: TaskRequest) -> TaskResult:
        composition = await recording.load_composition(request.composition)
        await self._move(TaskStage.PLANNING)
        plan = await self._make_plan(composition)
        if plan is None:
            return await self._finish(TaskStage.FAILED, composition.phrases.failed)
        self._plan = plan
        await self._move(TaskStage.RUNNING)
        await self._run_steps(composition)
        results = [self._results[step.step_id] for step in plan.steps]
        stage = planning.stage_of(results)
        spoken = [r.answer.body for r in results if r.status is not StepStatus.SKIPPED]
        return await self._finish(stage, " ".join(dict.fromkeys(spoken)))

    @workflow.signal(name=Signal.STEP_MOVED.value)
    def step_moved(self, news: StepNews) -> None:
        self._news.append(news)

    @workflow.query(name="state")
    def state(self) -> TaskState:
        return self._state()

    async def _make_plan(self, composition: Composition) -> Plan | None:
        errors: tuple[str, ...] = ()
        for attempt in range(1 + REPAIR_ROUNDS):
            try:
                plan: Plan = await workflow.execute_activity_method(
                    ModelActivities.plan,
                    PlanRequest(task=self._request, errors=errors),
                    **options.models("plan" if attempt == 0 else "plan, repaired"),
                )
            except ActivityError:
                return None
            errors = planning.errors_of(plan, composition)
            if not errors:
                return plan
        return None

    async def _run_steps(self, composition: Composition) -> None:
        running: dict[asyncio.Task[StepResult], PlanStep] = {}
        started: set[str] = set()
        while len(self._results) < len(self._plan.steps):
            for step in planning.blocked(self._plan, started, self._results):
                started.add(step.step_id)
                await self._step_ended(step, self._skipped(step))
            for step in planning.ready(self._plan, started, self._results):
                started.add(step.step_id)
                await self._record_step(step, None)
                running[asyncio.create_task(self._hand_off(composition, step))] = step
            if not running:
                continue
            await workflow.wait_condition(lambda: bool(self._news) or any(t.done() for t in running))
            while self._news:
                await self._take_news(composition, self._news.pop(0))
            for task in [t for t in running if t.done()]:
                await self._step_ended(running.pop(task), task.result())

    async def _hand_off(self, composition: Composition, step: PlanStep) -> StepResult:
        request = self._request
        context = HandoffContext(
            task_id=request.task_id,
            step_id=step.step_id,
            role=step.role,
            session_id=request.session_id,
            subject_id=request.subject_id,
            composition=request.composition,
            goal=step.goal,
            conversation=request.conversation,
            prior=tuple(self._results[n] for n in step.depends_on),
            budget=composition.role(step.role).budget,
            deadline=workflow.now() + timedelta(seconds=composition.limits.task_seconds),
        )
        try:
            return await workflow.execute_child_workflow(
                HandoffWorkflow.run,
                context,
                id=step_workflow_id(request.task_id, step.step_id),
                task_queue=TaskQueue.ORCHESTRATION.value,
                static_summary=f"Step {step.step_id} for role {step.role}",
                search_attributes=TypedSearchAttributes(
                    [
                        SearchAttributePair(options.SESSION, request.session_id),
                        SearchAttributePair(options.SUBJECT, request.subject_id),
                        SearchAttributePair(options.COMPOSITION, request.composition),
                    ]
                ),
            )
        except ChildWorkflowError:
            words = Content(subject_id=request.subject_id, body=composition.phrases.failed)
            return StepResult(step_id=step.step_id, role=step.role, status=StepStatus.FAILED, answer=words)

    async def _take_news(self, composition: Composition, news: StepNews) -> None:
        if news.stage is TaskStage.WAITING_APPROVAL:
            self._waiting.add(news.step_id)
            await self._move(TaskStage.WAITING_APPROVAL)
            await self._deliver("progress", composition.phrases.waiting_approval, ephemeral=True)
        else:
            self._waiting.discard(news.step_id)
            if not self._waiting:
                await self._move(TaskStage.RUNNING)

    async def _step_ended(self, step: PlanStep, result: StepResult) -> None:
        self._results[step.step_id] = result
        self._waiting.discard(step.step_id)
        await self._record_step(step, result)
        self._describe()

    def _skipped(self, step: PlanStep) -> StepResult:
        words = Content(subject_id=self._request.subject_id, body="not started, because an earlier step was not done")
        return StepResult(step_id=step.step_id, role=step.role, status=StepStatus.SKIPPED, answer=words)

    async def _finish(self, stage: TaskStage, words: str) -> TaskResult:
        speech = Content(subject_id=self._request.subject_id, body=words)
        # Towards the caller first: a person waits there.
        await self._deliver("outcome", words, ephemeral=False)
        await self._move(stage, speech)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return TaskResult(
            task_id=self._request.task_id,
            stage=stage,
            speech=speech,
            steps=tuple(self._results[s.step_id] for s in self._plan.steps if s.step_id in self._results),
        )

    async def _deliver(self, kind: str, words: str, *, ephemeral: bool) -> None:
        request = self._request
        number = self._revision
        await workflow.execute_activity_method(
            MailboxActivities.deliver,
            Delivery(
                delivery_id=f"{request.task_id}.{kind}" + (f".{number}" if ephemeral else ""),
                subject_id=request.subject_id,
                session_id=request.session_id,
                task_id=request.task_id,
                topic=request.task_id,
                speech=Content(subject_id=request.subject_id, body=words),
                created_at=workflow.now(),
                ephemeral=ephemeral,
            ),
            **options.records(f"{kind} to the inbox"),
        )

    async def _move(self, stage: TaskStage, speech: Content | None = None) -> None:
        request = self._request
        self._stage = stage
        self._revision += 1
        workflow.upsert_search_attributes([options.TASK_STATE.value_set(stage.value)])
        self._describe()
        await recording.tell(session_workflow_id(request.session_id), Signal.TASK_CHANGED, self._state(speech))
        await recording.write(
            TaskRecord(
                task_id=request.task_id,
                session_id=request.session_id,
                subject_id=request.subject_id,
                composition=request.composition,
                stage=stage,
                revision=self._revision,
                goal=request.goal,
                speech=speech,
                requested_at=request.requested_at,
                updated_at=workflow.now(),
            ),
            recording.audit(
                request.session_id,
                actor="workflow",
                action=f"task.{stage.value}",
                target=request.task_id,
                steps=len(self._plan.steps),
                done=len(self._results),
            ),
            summary=f"task {stage.value}",
        )

    async def _record_step(self, step: PlanStep, result: StepResult | None) -> None:
        await recording.write(
            StepRecord(
                task_id=self._request.task_id,
                step_id=step.step_id,
                position=self._plan.steps.index(step) + 1,
                role=step.role,
                goal=step.goal,
                status=result.status if result else None,
                revision=2 if result else 1,
                answer=result.answer if result else None,
                updated_at=workflow.now(),
            ),
            summary=f"step {step.step_id} {result.status.value if result else 'started'}",
        )

    def _state(self, speech: Content | None = None) -> TaskState:
        request = self._request
        return TaskState(
            task_id=request.task_id,
            session_id=request.session_id,
            subject_id=request.subject_id,
            composition=request.composition,
            stage=self._stage,
            revision=self._revision,
            steps_done=len(self._results),
            steps_total=len(self._plan.steps),
            goal=request.goal,
            sentence=speech,
        )

    def _describe(self) -> None:
        lines = [f"**{self._stage.value.replace('_', ' ')}**", ""]
        for step in self._plan.steps:
            result = self._results.get(step.step_id)
            tick = "x" if result and result.status is StepStatus.DONE else " "
            state = result.status.value if result else ("waits for a reviewer" if step.step_id in self._waiting else "")
            lines.append(f"- [{tick}] `{step.step_id}` by `{step.role}` {state}".rstrip())
        workflow.set_current_details("\n".join(lines))
