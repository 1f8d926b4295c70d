"""Delegated work is planned, run step by step, steered while it runs, and answered to the person who asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from contracts.audit_events import TaskOrdered
    from contracts.base import Content
    from contracts.checkpoint import CheckpointOutcome, CheckpointStage
    from contracts.composition import Composition, Limits
    from contracts.names import Signal
    from contracts.phrases import Phrases
    from contracts.task import (
        Control,
        ControlKind,
        StepControl,
        StepNews,
        TaskRequest,
        TaskResult,
        TaskStage,
        TaskState,
    )
    from contracts.tools import ToolStatus
    from policy import compensation, ladder, orders, outcome, replanning, subtask, taint
    from policy import control as steering
    from policy import course as policy
    from workflows import cancelling, recording
    from workflows.checking import Checking
    from workflows.planning import Planner
    from workflows.scribe import Scribe
    from workflows.steering import Steered
    from workflows.steps import Steps
    from workflows.task_telling import Telling, sentence
    from workflows.undoing import Undoing


@workflow.defn(name="Task")
class TaskWorkflow(Steered):
    @workflow.init
    def __init__(self, request: TaskRequest) -> None:
        self._request = request
        self._course = policy.opened(Limits(), workflow.now(), request.parent)
        self._scribe = Scribe()
        self._telling = Telling(request, self._scribe)
        self._checking = Checking(request)
        self._announced: set[str] = set()
        self._stirred = False
        self._unsaid: list[Callable[[Phrases], str | None]] = []
        """What the caller has to hear of a checkpoint."""

    @workflow.run
    async def run(self, request: TaskRequest) -> TaskResult:
        return await cancelling.in_order(self._work(), self._cancelled)

    def _cancelled(self) -> None:
        """The workflow itself was cancelled, as the Web UI offers: the same order, from nobody who says their name."""
        self._judge(ControlKind.CANCEL, orders.Told(order=Control(by="temporal")), "cancellation")

    @workflow.signal(name=Signal.STEP_MOVED.value)
    def step_moved(self, news: StepNews) -> None:
        self._course = policy.moved(self._course, news.step_id, news.stage)
        self._stirred = True

    @workflow.signal(name=Signal.STEP_CONTROL.value)
    def step_control(self, order: StepControl) -> None:
        """From the task that this one is a step of."""
        self._course = policy.directed(self._course, order)
        self._stirred = True

    @workflow.signal(name=Signal.CHECKPOINT_DECIDED.value)
    def checkpoint_decided(self, news: CheckpointOutcome) -> None:
        due = self._checking.decided(news)
        if due is not None:
            self._course = replanning.looked_at(self._course, due, news)
            if news.goes_on and news.stage is CheckpointStage.EXPIRED:
                self._unsaid.append(partial(ladder.words, due.rule.ladder[-1]))
            elif news.steps is not None:
                self._unsaid.append(lambda phrases: phrases.redirected)
        self._stirred = True

    @workflow.query(name="state")
    def state(self) -> TaskState:
        return self._state()

    # What it is told

    def _state(self) -> TaskState:
        return self._telling.state(self._course)

    def _refusal(self, kind: ControlKind, raw: RawValue) -> str | None:
        told = orders.read(raw.payload.data, kind, self._request.subject_id)
        return told.problem or steering.refusal(self._course.control, kind, told.order)

    def _take_order(self, kind: ControlKind, raw: RawValue, channel: str) -> None:
        self._judge(kind, orders.read(raw.payload.data, kind, self._request.subject_id), channel)

    def _judge(self, kind: ControlKind, told: orders.Told, channel: str) -> None:
        refusal = told.problem or steering.refusal(self._course.control, kind, told.order)
        if refusal is None:
            self._course = policy.told(self._course, kind, told.order)
        self._note(kind.value, told.order.by, refusal, channel)

    def _take_event(self, raw: RawValue) -> None:
        name = orders.event(raw.payload.data)
        if name is not None:
            self._course = policy.happened(self._course, name)
        self._note("event", "signal", None if name else "an event is a short name, as a JSON string", "signal")

    def _note(self, order: str, by: str, refusal: str | None, channel: str) -> None:
        event = TaskOrdered(
            state="counted" if refusal is None else "refused", order=order, reason=refusal, channel=channel
        )
        self._scribe.put(
            recording.audit(
                self._request.session_id,
                actor=f"by:{by}",
                target=self._request.task_id,
                event=event,
            ),
            summary=event.action,
        )
        self._stirred = True

    # Its course

    async def _work(self) -> TaskResult:
        known = await recording.load_composition(self._request.composition)
        composition = subtask.within(known, self._request.parent)
        self._course = policy.limited(self._course, composition.limits, workflow.info().start_time)
        self._course = self._course.model_copy(update={"checkpoints": composition.checkpoints})
        steps = Steps(self._request, composition)
        planner = Planner(self._request, composition, lambda: self._course)
        undoing = Undoing(self._request, composition, self._scribe)
        while True:
            self._stirred = False
            await self._take_results(steps, undoing)
            self._course = policy.clocked(self._course, workflow.now())
            await self._keep_planned(planner, composition)
            await self._keep_checked()
            await self._start_steps(steps)
            await steps.steer(self._course)
            if policy.over(self._course) and not self._stirred:
                break
            await self._tell(composition)
            await self._wait(steps, planner)
        if self._course.control.cancelled:
            await undoing.undo(self._course.everything)
        return await self._finish(composition, undoing)

    async def _take_results(self, steps: Steps, undoing: Undoing) -> None:
        for step in steps.ended:
            result = await steps.take(step)
            if step.step_id in self._course.stopping:
                await undoing.undo([result])  # it was done for what the caller does not want any more
            self._course = policy.ended(self._course, result)
            self._telling.step(self._course, step, result)

    async def _keep_planned(self, planner: Planner, composition: Composition) -> None:
        if planner.done:
            before, self._course = self._course, planner.take()
            if before.planned_for is not None and self._course.planned_for != before.planned_for:
                done = [e for _, e in compensation.standing(self._course.everything) if e.status == ToolStatus.OK.value]
                redirected = (self._course.planned_for or 0) - 1 in self._course.redirections
                words = [composition.phrases.redirected if redirected else composition.phrases.corrected]
                words += [compensation.done_words(composition.phrases, done)] if done else []
                await self._telling.say("correction", self._words(" ".join(words)), ephemeral=True)
        planner.keep_up()

    async def _keep_checked(self) -> None:
        if (lost := self._checking.lost) is not None:
            self.checkpoint_decided(lost)
        await self._checking.keep_up(policy.checkpoint(self._course), self._course)

    async def _start_steps(self, steps: Steps) -> None:
        while never := policy.to_skip(self._course):  # what needs a skipped step is then skipped too
            result = steps.skipped(never[0])
            self._course = policy.skipped(self._course, result)
            self._telling.step(self._course, never[0], result)
        # Looked at anew for each: an order may come while one is being started.
        while free := policy.to_start(self._course, workflow.now()):
            self._course = policy.started(self._course, free[0].step_id)
            self._telling.step(self._course, free[0], None)
            await steps.start(free[0], self._course)

    async def _tell(self, composition: Composition) -> None:
        course = self._course
        if course.closing:
            return
        unsaid, self._unsaid = self._unsaid, []
        for number, words in enumerate(unsaid):
            if said := words(composition.phrases):
                await self._telling.say(f"checkpoint.{number}", self._words(said), ephemeral=True)
        waiting = {i for i, stage in course.waiting.items() if stage is TaskStage.WAITING_APPROVAL}
        if (due := policy.checkpoint(course)) is not None:
            waiting.add(due.key)
        if waiting - self._announced:
            await self._telling.say("progress", self._words(composition.phrases.waiting_approval), ephemeral=True)
        self._announced = waiting
        stage = policy.stage(course, workflow.now())
        await self._telling.told(course, stage, sentence(self._request, composition.phrases, course, stage))

    async def _wait(self, steps: Steps, planner: Planner) -> None:
        at = policy.wake_at(self._course, workflow.now())
        with suppress(TimeoutError):  # the loop looks at the clock itself
            await workflow.wait_condition(
                lambda: self._stirred or bool(steps.ended) or planner.done or self._checking.lost is not None,
                timeout=None if at is None else max(at - workflow.now(), timedelta(0)),
                timeout_summary="time of this task, or of a step that waits for its own",
            )

    async def _finish(self, composition: Composition, undoing: Undoing) -> TaskResult:
        self._course = course = policy.closed(self._course)
        stage, words = outcome.came_to(
            course, composition.phrases, self._request.goal.body, undoing.undone, undoing.left
        )
        # Towards the caller first: a person waits there.
        await self._telling.say("outcome", self._words(words), ephemeral=False)
        await self._telling.moved(course, stage, self._words(words))
        await workflow.wait_condition(workflow.all_handlers_finished)
        await self._scribe.flush()
        return TaskResult(
            task_id=self._request.task_id,
            stage=stage,
            speech=self._words(words),
            steps=tuple(course.results[s.step_id] for s in course.plan.steps if s.step_id in course.results),
            effects=subtask.left_standing(course.everything, undoing.undone) if course.parent else (),
            influences=taint.merged(i for r in course.everything for i in r.influences) if course.parent else (),
        )

    def _words(self, text: str) -> Content:
        return Content(subject_id=self._request.subject_id, body=text)
