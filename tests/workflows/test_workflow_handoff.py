"""A step obeys its task: it pauses, stops and ends in time, and what it had begun is known."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from held import SOON, Held
from temporalio.client import WorkflowHandle
from test_workflow_approval import Gate, gated
from test_workflow_task import answer, calls
from workflow_doubles import Thinker
from workflow_world import World, words

from contracts.approval import ApprovalStage
from contracts.base import Content
from contracts.handoff import Budget, HandoffContext, Thought
from contracts.names import Signal, TaskQueue, WorkflowType, new_id, step_workflow_id
from contracts.task import StepControl, StepOrder, StepResult, StepStatus


class Step:
    """One hand-off without its task: orders come from the test."""

    def __init__(self, stage: World, task_id: str, handle: WorkflowHandle[Any, Any]) -> None:
        self.stage = stage
        self.task_id = task_id
        self.handle = handle
        self.deadline = datetime.now(UTC) + timedelta(seconds=900)
        self._revision = 0

    async def order(self, order: StepOrder, **more: Any) -> None:
        self._revision += 1
        control = StepControl(revision=more.pop("revision", self._revision), order=order, deadline=self.deadline)
        await self.handle.signal(Signal.STEP_CONTROL.value, control)

    async def result(self) -> StepResult:
        result: StepResult = await asyncio.wait_for(self.handle.result(), SOON)
        return result


async def handed_off(
    stage: World, *script: Thought | Thinker, seconds: float = 120.0, task_id: str | None = None
) -> Step:
    task_id = task_id or new_id("task")
    stage.models.thoughts[task_id, "s1"].extend(script)
    context = HandoffContext(
        task_id=task_id,
        step_id="s1",
        role="operator",
        session_id=f"session-of-{task_id}",
        subject_id=f"subject-of-{task_id}",
        composition="desk",
        goal=words("do it"),
        conversation=Content(subject_id="subject-1", body=""),
        budget=Budget(seconds=seconds),
        deadline=datetime.now(UTC) + timedelta(seconds=900),
    )
    handle = await stage.client.start_workflow(
        WorkflowType.HANDOFF.value,
        context,
        id=step_workflow_id(task_id, "s1"),
        task_queue=TaskQueue.ORCHESTRATION.value,
        result_type=StepResult,
    )
    return Step(stage, task_id, handle)


async def test_a_pause_in_mid_thought_keeps_the_thought_and_holds_the_call(stage: World) -> None:
    held = Held()
    step = await handed_off(stage, held.thinking(calls(("book", {"slot": 1}))), answer("Booked."))
    await held.reached()
    await step.order(StepOrder.PAUSE)
    held.go_on.set()
    await asyncio.sleep(0.5)  # nothing may happen: there is no event to wait for
    assert not stage.tools.calls_of(step.task_id)
    await step.order(StepOrder.GO)
    assert (await step.result()).status is StepStatus.DONE
    assert len(stage.tools.calls_of(step.task_id)) == 1
    assert len(stage.models.thoughts_of(step.task_id)) == 2, "what was thought before the pause was not thought again"


async def test_a_stop_in_mid_thought_ends_at_once(stage: World) -> None:
    held = Held()
    step = await handed_off(stage, held.thinking(calls(("book", {"slot": 1}))))
    await held.reached()
    await step.order(StepOrder.STOP)
    result = await step.result()
    held.go_on.set()
    assert (result.status, result.effects) == (StepStatus.CANCELLED, ())
    assert not stage.tools.calls_of(step.task_id)


async def test_a_stop_while_an_effect_is_under_way_waits_for_what_it_comes_to(stage: World) -> None:
    held = Held()
    task_id = new_id("task")
    stage.tools.scripts[task_id, "book"].append(held.acting())
    step = await handed_off(stage, calls(("book", {"slot": 1}), ("book", {"slot": 2})), task_id=task_id)
    await held.reached()
    await step.order(StepOrder.STOP)
    await step.order(StepOrder.GO)
    held.go_on.set()
    result = await step.result()
    assert result.status is StepStatus.CANCELLED
    [effect] = result.effects
    assert (effect.status, effect.action) == (
        "ok",
        Content(subject_id=f"subject-of-{task_id}", body="Book slot 1"),
    )
    assert effect.at is not None
    assert len(stage.tools.calls_of(task_id)) == 1, "nothing follows a stop"


async def test_a_stop_while_a_person_is_asked_withdraws_the_question(stage: World) -> None:
    step = await handed_off(stage, calls(("refund", {"order": "7"})))
    gate = Gate(stage, step.task_id, step.handle)
    await gate.record(ApprovalStage.PENDING)
    await step.order(StepOrder.STOP)
    assert (await step.result()).status is StepStatus.CANCELLED
    await gate.record(ApprovalStage.WITHDRAWN)
    await gate.decide()
    [late] = await gate.receipts(1)
    assert not late.accepted and "withdrawn" in late.reason
    assert not stage.tools.calls_of(step.task_id)


async def test_a_decision_during_a_pause_is_carried_out_after_it(stage: World) -> None:
    step = await handed_off(stage, calls(("refund", {"order": "7"})), answer("Refunded."), seconds=2.0)
    gate = Gate(stage, step.task_id, step.handle)
    await gate.record(ApprovalStage.PENDING)
    await step.order(StepOrder.PAUSE)
    await gate.decide()
    await gate.record(ApprovalStage.APPROVED)
    await asyncio.sleep(2.0)  # longer than the step's own time, which stands still
    assert not stage.tools.calls_of(step.task_id)
    await step.order(StepOrder.GO)
    assert (await step.result()).status is StepStatus.DONE
    assert len(stage.tools.calls_of(step.task_id)) == 1


async def test_a_step_ends_when_its_time_is_up_and_not_while_a_person_decides(stage: World) -> None:
    held = Held()
    step = await handed_off(stage, held.thinking(answer("too late")), seconds=0.5)
    assert (await step.result()).status is StepStatus.FAILED
    held.go_on.set()
    step = await handed_off(stage, calls(("refund", {"order": "7"})), answer("Refunded."), seconds=1.5)
    gate = Gate(stage, step.task_id, step.handle)
    await gate.record(ApprovalStage.PENDING)
    await asyncio.sleep(2.0)
    await gate.decide()
    assert (await step.result()).status is StepStatus.DONE


async def test_an_old_order_or_a_broken_one_changes_nothing(stage: World) -> None:
    held = Held()
    step = await handed_off(stage, held.thinking(answer("Done.")))
    await held.reached()
    await step.order(StepOrder.GO, revision=5)
    await step.order(StepOrder.STOP, revision=4)
    await step.handle.signal(Signal.STEP_CONTROL.value, {"revision": "many", "order": "fly"})
    await step.handle.signal(Signal.STEP_CONTROL.value)
    await step.handle.signal(Signal.STEP_CONTROL.value, args=[1, 2, 3])
    held.go_on.set()
    assert (await step.result()).status is StepStatus.DONE


async def test_a_step_that_is_cancelled_from_outside_stops_in_order(stage: World) -> None:
    gate = await gated(stage)
    await stage.client.get_workflow_handle(step_workflow_id(gate.task_id, "s1")).cancel()
    await gate.record(ApprovalStage.WITHDRAWN)
    result = await gate.result()
    assert [s.status for s in result.steps] == [StepStatus.CANCELLED]
    assert not stage.tools.calls_of(gate.task_id)
