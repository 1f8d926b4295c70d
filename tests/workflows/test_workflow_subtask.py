"""A step that is a task of its own: planned, steered and undone with the one that it is part of."""

from __future__ import annotations

import asyncio
from typing import Any

from held import Held
from test_workflow_approval import Gate
from test_workflow_task import answer, calls, plan, step
from test_workflow_task_steering import Steered, begun, book
from workflow_doubles import Thinker
from workflow_world import World, until

from contracts.approval import ApprovalStage
from contracts.handoff import Thought
from contracts.names import new_id, part_id, task_workflow_id
from contracts.task import PLANNER, Plan, PlanStep, StepKind, StepStatus, TaskResult, TaskStage, TaskState


def part(step_id: str, *needs: str, goal: str | None = None) -> PlanStep:
    return step(step_id, *needs, role=PLANNER, goal=goal).model_copy(update={"kind": StepKind.TASK})


async def nested(
    stage: World,
    plans: list[Plan],
    inner: list[Plan],
    thoughts: dict[str, list[Thought | Thinker]],
    *,
    composition: str = "desk",
) -> tuple[Steered, Steered]:
    """A task whose step `s2` is one of its own, and that. A thought of `s2/s1` is of the inner step `s1`."""
    task_id = new_id("task")
    below = part_id(task_id, "s2")
    stage.models.plans[below].extend(inner)
    stage.models.plans[task_id].extend(plans[1:])
    for name, script in thoughts.items():
        if name.startswith("s2/"):
            stage.models.thoughts[below, name.removeprefix("s2/")].extend(script)
    own = {name: script for name, script in thoughts.items() if "/" not in name}
    outer = await begun(stage, plans[0], own, composition=composition, task_id=task_id)
    return outer, Steered(
        stage, below, stage.client.get_workflow_handle(task_workflow_id(below), result_type=TaskResult)
    )


async def test_it_has_a_plan_of_its_own_and_gives_back_what_came_of_it(stage: World) -> None:
    outer, inner = await nested(
        stage,
        [plan(step("s1"), part("s2", "s1", goal="all of it"), step("s3", "s2"))],
        [plan(step("s1"), step("s2", "s1"))],
        {
            "s1": [answer("One.")],
            "s2/s1": [book(1), answer("Two.")],
            "s2/s2": [answer("Three.")],
            "s3": [answer("Four.")],
        },
    )
    result = await outer.result()
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "One. Two. Three. Four.")
    assert inner.handle.id == f"task/{outer.task_id}/step/s2"
    [asked] = [r for r in stage.models.planned if r.task.task_id == inner.task_id]
    given = asked.task.parent
    assert given is not None and asked.task.goal.body == "all of it"
    assert (given.task_id, given.step_id, given.depth, given.steps) == (outer.task_id, "s2", 1, 21)
    assert [r.answer.body for r in given.prior] == ["One."]
    before = stage.models.thoughts_of(inner.task_id)[0].context.prior
    assert [(r.step_id, r.answer.body) for r in before] == [("before.s1", "One.")], "known below too"
    [second] = [s for s in result.steps if s.step_id == "s2"]
    assert [(e.tool, e.role) for e in second.effects] == [("book", "operator")]
    owed = await stage.inbox(f"subject-of-{outer.task_id}")
    assert [v.delivery.task_id for v in owed.values()] == [outer.task_id], "one voice towards the caller"
    kept = stage.records.task(inner.task_id)
    assert kept is not None and kept.stage is TaskStage.DONE
    assert [t.task_id for t in stage.records.tasks(session_id=f"session-of-{outer.task_id}")] == [outer.task_id]
    assert [t.task_id for t in stage.records.tasks(below=outer.task_id)] == [inner.task_id]


async def test_a_cancel_undoes_all_levels_newest_first(stage: World) -> None:
    held = Held()
    outer, inner = await nested(
        stage,
        [plan(step("s1"), part("s2", "s1"), step("s3", "s1"))],
        [plan()],
        {
            "s1": [book(1), answer("One.")],
            "s2/s1": [book(2), answer("Two.")],
            "s3": [held.thinking(answer("never said"))],
        },
    )
    await held.reached()

    async def below_is_done() -> TaskResult | None:
        state: TaskState = await outer.handle.query("state", result_type=TaskState)
        return await inner.result() if state.steps_done == 2 else None

    await until(below_is_done)
    await outer.order("cancel", by="ann")
    result = await outer.result()
    held.go_on.set()
    assert result.stage is TaskStage.CANCELLED
    undone = [c.arguments.body for c in stage.tools.called if c.tool == "unbook" and outer.task_id in c.call_id]
    assert undone == ['{"slot":2}', '{"slot":1}']
    assert {c.role for c in stage.tools.calls_of(outer.task_id) if c.tool == "unbook"} == {"operator"}


async def test_a_cancel_while_it_runs_stops_it_and_leaves_the_undoing_to_the_one_above(stage: World) -> None:
    held = Held()
    outer, inner = await nested(
        stage,
        [plan(step("s1"), part("s2", "s1"))],
        [plan()],
        {"s1": [book(1), answer("One.")], "s2/s1": [book(2), held.thinking(answer("never said"))]},
    )
    await held.reached()
    await outer.order("cancel", by="ann")
    result = await outer.result()
    held.go_on.set()
    assert (result.stage, result.speech.body) == (
        TaskStage.CANCELLED,
        "All right, I have stopped that. This was undone: Book slot 2; Book slot 1.",
    )
    assert not inner.calls("unbook") and outer.calls("unbook") == ['{"slot":2}', '{"slot":1}']
    assert (await inner.result()).stage is TaskStage.CANCELLED


async def test_one_that_is_cancelled_itself_undoes_its_own_and_no_more(stage: World) -> None:
    held = Held()
    outer, inner = await nested(
        stage,
        [plan(step("s1"), part("s2", "s1"), step("s3", "s2"))],
        [plan()],
        {"s1": [book(1), answer("One.")], "s2/s1": [book(2), held.thinking(answer("never said"))]},
    )
    await held.reached()
    await inner.order("cancel", by="ann")
    result = await outer.result()
    held.go_on.set()
    assert result.stage is TaskStage.CANCELLED
    assert result.speech.body == "One. All right, I have stopped that. This was undone: Book slot 2."
    assert inner.calls("unbook") == ['{"slot":2}'] and not outer.calls("unbook")
    assert [s.status for s in result.steps] == [StepStatus.DONE, StepStatus.CANCELLED, StepStatus.SKIPPED]


async def test_suspend_resume_and_more_time_reach_it(stage: World) -> None:
    held = Held()
    outer, inner = await nested(
        stage,
        [plan(part("s2"))],
        [plan(step("s1"), step("s2", "s1"))],
        {"s2/s1": [held.thinking(answer("One."))], "s2/s2": [answer("Two.")]},
        composition="brisk",
    )
    await held.reached()
    await outer.order("suspend")
    await inner.at(TaskStage.SUSPENDED)
    held.go_on.set()
    await asyncio.sleep(3.0)  # longer than all the time that both have
    assert len(stage.models.thoughts_of(inner.task_id)) == 1, "nothing more has started"
    await outer.order("extend_deadline", seconds=60)
    await outer.order("resume")
    result = await outer.result()
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "One. Two.")


async def test_a_correction_that_keeps_it_reaches_it(stage: World) -> None:
    held = Held()
    first = plan(part("s2"))
    outer, inner = await nested(
        stage,
        [first, first],
        [plan(step("s1")), plan(step("s3"))],
        {"s2/s1": [held.thinking(answer("never said"))], "s2/s3": [answer("On Tuesday.")]},
    )
    await held.reached()
    await outer.order("correct", words="make it Tuesday")
    result = await outer.result()
    held.go_on.set()
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "On Tuesday.")
    asked = [r for r in stage.models.planned if r.task.task_id == inner.task_id]
    assert [[c.body for c in r.corrections] for r in asked] == [[], ["make it Tuesday"]]


async def test_at_the_deadline_what_it_has_is_told(stage: World) -> None:
    held = Held()
    outer, _ = await nested(
        stage,
        [plan(part("s2", goal="all of it"))],
        [plan(step("s1"), step("s2", "s1"))],
        {"s2/s1": [book(1), answer("One.")], "s2/s2": [book(2), held.thinking(answer("late"))]},
        composition="brisk",
    )
    result = await outer.result()
    held.go_on.set()
    assert result.stage is TaskStage.FAILED
    assert result.speech.body.startswith("One. This was done already: Book slot 2. I could not get all of that done")
    assert result.speech.body.endswith("This is still missing: all of it.")


async def test_while_it_waits_for_a_person_so_does_the_one_above(stage: World) -> None:
    outer, inner = await nested(
        stage, [plan(part("s2"))], [plan()], {"s2/s1": [calls(("refund", {"order": "7"})), answer("Refunded.")]}
    )
    gate = Gate(stage, inner.task_id, inner.handle)
    await gate.record(ApprovalStage.PENDING)
    await inner.at(TaskStage.WAITING_APPROVAL)
    await outer.at(TaskStage.WAITING_APPROVAL)
    await gate.decide("ann")
    assert (await outer.result()).speech.body == "Refunded."


async def test_one_whose_workflow_broke_needs_a_person(stage: World) -> None:
    held = Held()
    outer, inner = await nested(stage, [plan(part("s2"))], [plan()], {"s2/s1": [held.thinking(answer("never said"))]})
    await held.reached()
    await inner.handle.terminate("by an operator")
    result = await outer.result()
    held.go_on.set()
    assert (result.stage, result.speech.body) == (TaskStage.NEEDS_PERSON, "A colleague will check what happened.")


async def test_no_deeper_than_the_composition_allows(stage: World) -> None:
    outer, inner = await nested(
        stage, [plan(part("s2"))], [plan(part("s1")), plan(step("s1"))], {"s2/s1": [answer("Done.")]}
    )
    assert (await outer.result()).speech.body == "Done."
    [_, again] = [r for r in stage.models.planned if r.task.task_id == inner.task_id]
    assert again.errors == ("step 's1': nothing here may be a task of its own; give it to a role",)


async def test_a_task_waits_for_an_event_and_its_time_stands_still(stage: World) -> None:
    waits: Any = {"event": "paid"}
    steps = plan(step("s1"), step("s2", "s1").model_copy(update={"wait_for": waits}))
    checked = Plan.model_validate(steps.model_dump())
    task = await begun(stage, checked, {"s1": [answer("One.")], "s2": [answer("Two.")]}, composition="brisk")
    await task.at(TaskStage.WAITING)
    await asyncio.sleep(3.0)  # longer than all the time that it has
    await task.signal("event", "paid")
    result = await task.result()
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "One. Two.")
