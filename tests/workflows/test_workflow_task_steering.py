"""A running task is suspended, cancelled and given more time, by signal and by update; what it had done is undone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from held import SOON, Held
from temporalio.api.common.v1 import Payload
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.service import RPCError
from test_workflow_approval import JSON, Gate
from test_workflow_task import answer, calls, plan, step
from workflow_doubles import Planner, Thinker
from workflow_world import World, until

from contracts.approval import ApprovalStage
from contracts.handoff import Thought
from contracts.names import new_id, step_workflow_id
from contracts.task import Plan, StepStatus, TaskResult, TaskStage, TaskState
from contracts.tools import ToolStatus


class Steered:
    """A running task, and the ways to tell it something."""

    def __init__(self, stage: World, task_id: str, handle: WorkflowHandle[Any, Any]) -> None:
        self.stage = stage
        self.task_id = task_id
        self.handle = handle

    async def order(self, kind: str, **order: Any) -> TaskState:
        state: TaskState = await self.handle.execute_update(kind, order, result_type=TaskState)
        return state

    async def refused(self, kind: str, **order: Any) -> str:
        with pytest.raises(WorkflowUpdateFailedError) as failed:
            await self.order(kind, **order)
        return str(failed.value.cause)

    async def signal(self, kind: str, *values: Any) -> None:
        await self.handle.signal(kind, args=list(values))

    async def at(self, wanted: TaskStage) -> TaskState:
        async def there() -> TaskState | None:
            state: TaskState = await self.handle.query("state", result_type=TaskState)
            return state if state.stage is wanted else None

        return await until(there)

    async def result(self) -> TaskResult:
        result: TaskResult = await asyncio.wait_for(self.handle.result(), SOON)
        return result

    def calls(self, tool: str) -> list[str]:
        return [c.arguments.body for c in self.stage.tools.calls_of(self.task_id) if c.tool == tool]

    async def audited(self, action: str) -> list[str | None]:
        """The reasons of those lines."""

        async def there() -> list[str | None]:
            lines = await asyncio.to_thread(self.stage.records.audit, f"session-of-{self.task_id}")
            return [str(a.detail["reason"]) if a.detail.get("reason") else None for a in lines if a.action == action]

        return await until(there)


async def begun(
    stage: World,
    the_plan: Plan | Planner,
    thoughts: dict[str, list[Thought | Thinker]],
    *,
    composition: str = "desk",
    task_id: str | None = None,
) -> Steered:
    task_id = task_id or new_id("task")
    stage.models.plans[task_id].append(the_plan)
    for step_id, script in thoughts.items():
        stage.models.thoughts[task_id, step_id].extend(script)
    return Steered(stage, task_id, await stage.start_task(task_id=task_id, composition=composition))


def book(slot: int) -> Thought:
    return calls(("book", {"slot": slot}))


async def test_a_cancel_while_a_tool_runs_undoes_all_that_was_done_newest_first(stage: World) -> None:
    held, task_id = Held(), new_id("task")
    stage.tools.scripts[task_id, "book"].extend([ToolStatus.OK, held.acting()])
    stage.tools.scripts[task_id, "unbook"].extend([ToolStatus.FAILED, ToolStatus.UNKNOWN])
    task = await begun(
        stage,
        plan(step("s1"), step("s2", "s1"), step("s3", "s2")),
        {"s1": [book(1), answer("Booked.")], "s2": [book(2), answer("never thought")]},
        task_id=task_id,
    )
    await held.reached()
    await task.order("cancel", by="ann")
    assert "being cancelled already" in await task.refused("cancel", by="ben")
    await task.signal("cancel", {"by": "cid"})
    await task.signal("resume")
    held.go_on.set()
    result = await task.result()
    assert (result.stage, result.speech.body) == (
        TaskStage.CANCELLED,
        "All right, I have stopped that. This was undone: Book slot 2; Book slot 1.",
    )
    assert [s.status for s in result.steps] == [StepStatus.DONE, StepStatus.CANCELLED, StepStatus.SKIPPED]
    assert task.calls("unbook") == ['{"slot":2}'] * 3 + ['{"slot":1}'], "each with its own retries"
    keys = {c.idempotency_key for c in stage.tools.calls_of(task_id) if c.tool == "unbook"}
    assert keys == {f"{task_id}/s2/1/undo", f"{task_id}/s1/1/undo"}
    assert await task.audited("task.cancel.counted") == [None]
    assert "cancelled already" in str((await task.audited("task.cancel.refused"))[0])
    assert await task.audited("task.resume.refused")
    with pytest.raises(RPCError, match="already completed"):
        await task.signal("cancel")


async def test_what_cannot_be_undone_is_told_and_needs_a_person(stage: World) -> None:
    held, task_id = Held(), new_id("task")
    stage.tools.scripts[task_id, "unbook"].append(ToolStatus.REFUSED)
    stage.tools.scripts[task_id, "mail"].append(ToolStatus.OK)
    task = await begun(
        stage,
        plan(step("s1"), step("s2", "s1")),
        {"s1": [book(1), calls(("mail", {"order": "7"})), answer("Done.")], "s2": [held.thinking(answer("late"))]},
        task_id=task_id,
    )
    await held.reached()
    await task.signal("cancel")
    result = await task.result()
    held.go_on.set()
    assert result.stage is TaskStage.NEEDS_PERSON
    assert result.speech.body == (
        "All right, I have stopped that. "
        "This could not be undone, so a colleague will look into it: mail: order 7; Book slot 1."
    )
    assert len(await task.audited("effect.not_undone")) == 2
    kept = stage.records.task(task_id)
    assert kept is not None and kept.stage is TaskStage.NEEDS_PERSON


async def test_a_cancel_before_there_is_a_plan_starts_nothing(stage: World) -> None:
    held = Held()
    task = await begun(stage, held.planning(plan()), {"s1": [answer("never thought")]})
    await held.reached()
    await task.order("cancel")
    result = await task.result()
    held.go_on.set()
    assert (result.stage, result.steps, result.speech.body) == (
        TaskStage.CANCELLED,
        (),
        "All right, I have stopped that.",
    )
    assert not stage.models.thoughts_of(task.task_id)


async def test_a_cancel_of_the_workflow_itself_is_the_same_order(stage: World) -> None:
    held = Held()
    task = await begun(stage, plan(), {"s1": [book(1), held.thinking(answer("late"))]})
    await held.reached()
    await task.handle.cancel()
    result = await task.result()
    held.go_on.set()
    assert result.stage is TaskStage.CANCELLED and task.calls("unbook") == ['{"slot":1}']


async def test_a_cancel_withdraws_the_approval_that_is_waited_for(stage: World) -> None:
    task = await begun(stage, plan(), {"s1": [calls(("refund", {"order": "7"}))]})
    gate = Gate(stage, task.task_id, task.handle)
    await gate.record(ApprovalStage.PENDING)
    await task.at(TaskStage.WAITING_APPROVAL)
    await task.order("cancel")
    assert (await task.result()).stage is TaskStage.CANCELLED
    await gate.record(ApprovalStage.WITHDRAWN)
    assert not task.calls("refund")


async def test_a_suspended_task_starts_nothing_until_it_is_resumed(stage: World) -> None:
    held = Held()
    task = await begun(
        stage, plan(step("s1"), step("s2", "s1")), {"s1": [held.thinking(answer("One."))], "s2": [answer("Two.")]}
    )
    await held.reached()
    await task.signal("suspend", {"by": "ann"})
    await task.at(TaskStage.SUSPENDED)
    assert "suspended already" in await task.refused("suspend")
    held.go_on.set()

    async def first_done() -> bool:
        state: TaskState = await task.handle.query("state", result_type=TaskState)
        return state.steps_done == 1

    await until(first_done)
    await asyncio.sleep(0.3)  # nothing may happen: there is no event to wait for
    assert len(stage.models.thoughts_of(task.task_id)) == 1
    await task.order("resume")
    result = await task.result()
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "One. Two.")
    entries = [a.action for a in stage.records.audit(f"session-of-{task.task_id}") if a.action.count(".") == 1]
    told = [action for action in entries if action.startswith("task.")]
    assert told == ["task.planning", "task.running", "task.suspended", "task.running", "task.done"]


async def test_at_its_deadline_a_task_tells_what_it_has_and_what_is_missing(stage: World) -> None:
    held = Held()
    task = await begun(
        stage,
        plan(step("s1"), step("s2")),
        {"s1": [answer("One.")], "s2": [book(2), held.thinking(answer("late"))]},
        composition="brisk",
    )
    await held.reached()
    result = await task.result()
    held.go_on.set()
    assert result.stage is TaskStage.FAILED
    assert result.speech.body == (
        "One. This was done already: Book slot 2. "
        "I could not get all of that done in time. This is still missing: goal of s2."
    )
    assert [s.status for s in result.steps] == [StepStatus.DONE, StepStatus.CANCELLED]


async def test_a_deadline_before_there_is_a_plan_names_what_was_wanted(stage: World) -> None:
    held = Held()
    task = await begun(stage, held.planning(plan()), {}, composition="brisk")
    result = await task.result()
    held.go_on.set()
    assert result.speech.body == "I could not get all of that done in time. This is still missing: do it."


async def test_a_deadline_that_is_extended_lets_the_steps_end(stage: World) -> None:
    held = Held()
    task = await begun(stage, plan(), {"s1": [held.thinking(answer("In the end."))]}, composition="brisk")
    await held.reached()
    await task.order("extend_deadline", seconds=60)
    assert "more than 0" in await task.refused("extend_deadline")
    await asyncio.sleep(3.0)  # beyond the deadline that it had
    held.go_on.set()
    assert (await task.result()).speech.body == "In the end."


async def test_the_time_of_a_suspended_task_stands_still(stage: World) -> None:
    held = Held()
    task = await begun(stage, plan(), {"s1": [held.thinking(answer("In the end."))]}, composition="brisk")
    await held.reached()
    await task.order("suspend")
    await asyncio.sleep(3.0)  # longer than all the time that it has
    await task.order("resume")
    held.go_on.set()
    assert (await task.result()).speech.body == "In the end."


async def test_a_step_whose_workflow_broke_needs_a_person_if_it_could_have_done_something(stage: World) -> None:
    for role, stage_after, told in (
        ("operator", TaskStage.NEEDS_PERSON, "A colleague will check what happened."),
        ("clerk", TaskStage.FAILED, "That did not work."),
    ):
        held = Held()
        task = await begun(stage, plan(step("s1", role=role)), {"s1": [held.thinking(answer("never said"))]})
        await held.reached()
        await stage.client.get_workflow_handle(step_workflow_id(task.task_id, "s1")).terminate("by an operator")
        result = await task.result()
        held.go_on.set()
        assert (result.stage, result.speech.body) == (stage_after, told)


async def test_whatever_is_sent_harms_nothing_and_is_audited(stage: World) -> None:
    held = Held()
    task = await begun(stage, plan(), {"s1": [held.thinking(answer("Done."))]})
    await held.reached()
    raw = (
        Payload(metadata=JSON, data=b"{broken \xff"),
        Payload(metadata=JSON, data=b"[" * 50_000),
        Payload(metadata=JSON, data=b'"just text"'),
        Payload(metadata=JSON, data=b'{"seconds":"many","by":"\\ud800"}'),
        Payload(metadata=JSON, data=b'{"seconds":1e999}'),
        Payload(metadata={"encoding": b"of nobody"}, data=b"\x00\x01"),
    )
    for payload in raw:
        await task.signal("extend_deadline", RawValue(payload))
    await task.signal("extend_deadline")
    await task.signal("extend_deadline", {"seconds": 5}, {"seconds": 5})
    await task.signal("correct", {"words": {"body": "  "}})
    await task.signal("event", {"name": "no such thing"})
    await task.signal("step_moved", {"step_id": 7})
    await task.signal("no_such_signal", 1)
    for values in ([], [1, 2]):
        with pytest.raises(WorkflowUpdateFailedError):
            await task.handle.execute_update("extend_deadline", args=values)
    assert "no JSON object" in await _told(task, "cancel", b"7")
    held.go_on.set()
    assert (await task.result()).stage is TaskStage.DONE
    refusals = await task.audited("task.extend_deadline.refused")
    assert len(refusals) == 8 and all(refusals)
    assert "needs words" in str((await task.audited("task.correct.refused"))[0])
    assert await task.audited("task.event.refused")


async def _told(task: Steered, kind: str, data: bytes) -> str:
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await task.handle.execute_update(kind, RawValue(Payload(metadata=JSON, data=data)))
    return str(failed.value.cause)
