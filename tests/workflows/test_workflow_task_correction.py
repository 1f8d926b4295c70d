"""What has not run yet is planned anew: when the caller corrects it, and when a step failed."""

from __future__ import annotations

from held import Held
from temporalio.service import RPCError
from test_workflow_approval import Gate
from test_workflow_task import answer, calls, plan, step
from test_workflow_task_steering import Steered, begun, book
from workflow_world import World, until

from contracts.approval import ApprovalStage
from contracts.delivery import DeliveryView
from contracts.names import new_id
from contracts.task import StepStatus, TaskStage, WaitFor
from contracts.tools import ToolStatus


async def said(task: Steered) -> list[str]:
    try:
        views: dict[str, DeliveryView] = await task.stage.inbox(f"subject-of-{task.task_id}")
    except RPCError:  # nothing was sent to them yet
        return []
    return [view.delivery.speech.body for view in views.values()]


async def test_a_correction_in_mid_plan_keeps_what_runs_and_plans_the_rest_anew(stage: World) -> None:
    held, task_id = Held(), new_id("task")
    task = await begun(
        stage,
        plan(step("s1"), step("s2"), step("s3", "s2")),
        {"s1": [book(1), answer("One.")], "s2": [held.thinking(answer("Two."))], "s4": [answer("Four.")]},
        task_id=task_id,
    )
    await held.reached()
    await until(lambda: _done(task, 1))
    stage.models.plans[task_id].append(plan(step("s2"), step("s4", "s1", "s2")))
    await task.order("correct", by="caller", words="make it Tuesday")

    async def told() -> list[str]:
        return [text for text in await said(task) if "change" in text]

    assert await until(told) == ["I have passed your change on. This was done already: Book slot 1."]
    held.go_on.set()
    result = await task.result()
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "One. Two. Four.")
    [_, again] = [r for r in stage.models.planned if r.task.task_id == task_id]
    assert [c.body for c in again.corrections] == ["make it Tuesday"]
    assert [r.step_id for r in again.results] == ["s1"] and [s.step_id for s in again.running] == ["s2"]
    [fourth] = [r.context for r in stage.models.thoughts_of(task_id) if r.context.step_id == "s4"]
    assert [item.text.body for item in fourth.context] == ["make it Tuesday"]
    assert not task.calls("unbook"), "what is still right is not undone"


async def test_a_correction_stops_what_is_wrong_by_now_and_undoes_it(stage: World) -> None:
    held, task_id = Held(), new_id("task")
    stage.tools.scripts[task_id, "book"].append(held.acting())
    task = await begun(stage, plan(), {"s1": [book(1), answer("never thought")]}, task_id=task_id)
    await held.reached()
    stage.models.plans[task_id].append(plan(step("s1", goal="book Tuesday")))
    stage.models.thoughts[task_id, "s1-2"].extend([book(2), answer("Booked on Tuesday.")])
    await task.signal("correct", {"words": "Tuesday, not Monday"})
    held.go_on.set()
    result = await task.result()
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "Booked on Tuesday.")
    assert [c.tool for c in stage.tools.calls_of(task_id)] == ["book", "unbook", "book"]
    assert task.calls("unbook") == ['{"slot":1}']


async def test_a_correction_withdraws_an_approval_that_nobody_needs_any_more(stage: World) -> None:
    task_id = new_id("task")
    task = await begun(stage, plan(), {"s1": [calls(("refund", {"order": "7"}))]}, task_id=task_id)
    gate = Gate(stage, task_id, task.handle)
    await gate.record(ApprovalStage.PENDING)
    stage.models.plans[task_id].append(plan(step("s9")))
    stage.models.thoughts[task_id, "s9"].append(answer("It was left as it is."))
    await task.order("correct", words="no refund, thank you")
    assert (await task.result()).speech.body == "It was left as it is."
    await gate.record(ApprovalStage.WITHDRAWN)
    assert not task.calls("refund")


async def test_a_correction_while_the_plan_is_made_is_in_the_first_plan(stage: World) -> None:
    held, task_id = Held(), new_id("task")
    task = await begun(stage, held.planning(plan(step("s7"))), {"s1": [answer("As corrected.")]}, task_id=task_id)
    await held.reached()
    stage.models.plans[task_id].append(plan())
    await task.order("correct", words="make it Tuesday")
    assert (await task.result()).speech.body == "As corrected."
    held.go_on.set()
    assert [len(r.corrections) for r in stage.models.planned if r.task.task_id == task_id] == [0, 1]


async def test_a_correction_that_nobody_can_plan_for_ends_the_task_honestly(stage: World) -> None:
    held = Held()
    task = await begun(
        stage, plan(step("s1"), step("s2")), {"s1": [answer("One.")], "s2": [held.thinking(answer("."))]}
    )
    await held.reached()
    await until(lambda: _done(task, 1))
    await task.order("correct", words="and also sing")  # the script has no second plan
    result = await task.result()
    held.go_on.set()
    assert (result.stage, result.speech.body) == (TaskStage.FAILED, "One. That did not work.")
    assert [s.status for s in result.steps] == [StepStatus.DONE, StepStatus.CANCELLED]


async def test_corrections_are_bounded(stage: World) -> None:
    held, task_id = Held(), new_id("task")
    task = await begun(stage, plan(), {"s1": [held.thinking(answer("One."))]}, task_id=task_id, composition="brisk")
    await held.reached()
    stage.models.plans[task_id].append(plan())
    await task.order("extend_deadline", seconds=60)
    await task.order("correct", words="make it Tuesday")
    assert "1 times already" in await task.refused("correct", words="or Wednesday")
    held.go_on.set()
    assert (await task.result()).stage is TaskStage.DONE


async def test_a_failed_step_is_planned_anew_once(stage: World) -> None:
    task_id = new_id("task")
    stage.tools.scripts[task_id, "mail"].append(ToolStatus.FAILED)
    stage.models.plans[task_id].extend([plan(step("s1"), step("s2", "s1")), plan(step("s1"), step("s2", "s1"))])
    stage.models.thoughts[task_id, "s1"].extend([calls(("mail", {"order": "7"}))])
    stage.models.thoughts[task_id, "s1-2"].extend([answer("By phone, then.")])
    stage.models.thoughts[task_id, "s2"].extend([answer("Two.")])
    task = Steered(stage, task_id, await stage.start_task(task_id=task_id, composition="brisk"))
    await task.order("extend_deadline", seconds=60)
    result = await task.result()
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "By phone, then. Two.")
    [_, again] = [r for r in stage.models.planned if r.task.task_id == task_id]
    assert [(r.step_id, r.status) for r in again.results] == [("s1", StepStatus.FAILED)]


async def test_steps_wait_for_their_event_or_their_time_and_run_no_more_than_allowed_at_once(stage: World) -> None:
    task_id = new_id("task")
    paid = step("s1").model_copy(update={"wait_for": WaitFor(event="paid")})
    later = step("s2").model_copy(update={"wait_for": WaitFor(seconds=0.3)})
    held = Held()
    task = await begun(
        stage,
        plan(paid, later, step("s3")),
        {"s1": [answer("Paid.")], "s2": [held.thinking(answer("Later."))], "s3": [answer("Now.")]},
        task_id=task_id,
        composition="brisk",
    )
    await held.reached()
    await task.order("extend_deadline", seconds=60)
    await task.signal("event", "paid")
    await until(lambda: task.audited("task.event.counted"))
    assert {r.context.step_id for r in stage.models.thoughts_of(task_id)} == {"s2", "s3"}, "one at a time"
    held.go_on.set()
    assert (await task.result()).speech.body == "Paid. Later. Now."


async def test_the_session_is_told_each_step_of_the_way_in_words_that_may_be_spoken(stage: World) -> None:
    session_id, task_id = await stage.start_session(), new_id("task")
    held = Held()
    stage.models.plans[task_id].append(plan(step("s1"), step("s2", "s1")))
    stage.models.thoughts[task_id, "s1"].append(answer("One."))
    stage.models.thoughts[task_id, "s2"].append(held.thinking(answer("Two.")))
    handle = await stage.start_task(task_id=task_id, session_id=session_id)
    task = Steered(stage, task_id, handle)

    async def sentence() -> str | None:
        found = [t for t in (await stage.snapshot(session_id)).tasks if t.task_id == task_id]
        return found[0].sentence.body if found and found[0].sentence else None

    async def reads(text: str) -> bool:
        return await sentence() == text

    await held.reached()
    await until(lambda: reads("1 of 2 steps are done."))
    await task.order("suspend")
    await until(lambda: reads("Your request is on hold for now."))
    held.go_on.set()
    await task.order("resume")
    await task.result()
    await until(lambda: reads("One. Two."))
    assert [text for text in await said(task) if "steps are done" in text] == [], "progress is not spoken by itself"


async def _done(task: Steered, count: int) -> bool:
    state = await task.handle.query("state", result_type=dict)
    return bool(state["steps_done"] == count)
