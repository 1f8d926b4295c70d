"""A person looks at the plan of a running task, and lets it go on, redirects what has not run, or stops it."""

from __future__ import annotations

import asyncio
from typing import Any

from held import SOON, Held
from temporalio.client import WorkflowHandle
from test_workflow_checkpoint import Looked
from test_workflow_task import answer, calls, plan, step
from workflow_world import World, until

from contracts.checkpoint import CheckpointStage
from contracts.handoff import Thought
from contracts.names import new_id
from contracts.records import CheckpointRecord
from contracts.task import Plan, TaskResult, TaskStage, TaskState


class Reviewed:
    """A running task at whose plan somebody looks."""

    def __init__(self, stage: World, task_id: str, handle: WorkflowHandle[Any, Any]) -> None:
        self.stage = stage
        self.task_id = task_id
        self.handle = handle

    async def looked(self, number: int = 1) -> Looked:
        """The checkpoint of that number, once it is open."""
        found = Looked(self.stage, f"{self.task_id}.c{number}")
        await found.record(CheckpointStage.OPEN)
        return found

    async def record(self, number: int = 1) -> CheckpointRecord:
        return await (await self.looked(number)).record(CheckpointStage.OPEN)

    async def at(self, wanted: TaskStage) -> TaskState:
        async def there() -> TaskState | None:
            state: TaskState = await self.handle.query("state", result_type=TaskState)
            return state if state.stage is wanted else None

        return await until(there)

    async def result(self) -> TaskResult:
        result: TaskResult = await asyncio.wait_for(self.handle.result(), SOON)
        return result

    def thought(self) -> list[str]:
        return [t.context.step_id for t in self.stage.models.thoughts_of(self.task_id)]


async def reviewed(stage: World, at: str, plans: list[Plan], thoughts: dict[str, list[Thought]]) -> Reviewed:
    task_id = new_id("task")
    stage.models.plans[task_id].extend(plans)
    for step_id, script in thoughts.items():
        stage.models.thoughts[task_id, step_id].extend(script)
    return Reviewed(stage, task_id, await stage.start_task(task_id=task_id, composition=f"looked-at-{at}"))


async def test_a_plan_waits_until_somebody_lets_it_go_on(stage: World) -> None:
    it = await reviewed(stage, "plan", [plan()], {"s1": [answer("Done.")]})
    looked = await it.looked()
    await it.at(TaskStage.WAITING_APPROVAL)
    kept = await it.record()
    assert (kept.at, kept.step_id, kept.rule_id) == ("plan", None, "look")
    assert kept.plan.body == "1. [to do] operator: goal of s1" and not it.thought()
    news = await stage.inbox(f"subject-of-{it.task_id}")
    assert [v.delivery.speech.body for v in news.values()] == ["A colleague is checking."]
    await looked.decide()
    result = await it.result()
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "Done.")
    await looked.record(CheckpointStage.APPROVED)


async def test_a_redirected_plan_is_made_anew_by_the_reviewers_words_and_looked_at_again(stage: World) -> None:
    again = plan(step("s1"), step("s2", "s1"))
    it = await reviewed(stage, "plan", [plan(), again], {"s1": [answer("One.")], "s2": [answer("Two.")]})
    await (await it.looked()).decide("redirect", note="Mail him too.")
    second = await it.looked(2)
    planned = [r for r in stage.models.planned if r.task.task_id == it.task_id]
    assert [c.body for c in planned[1].corrections] == ["Mail him too."] and not it.thought()
    await second.decide("approve", "ben")
    result = await it.result()
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "One. Two.")
    [first, *_] = stage.models.thoughts_of(it.task_id)
    assert [(f.source, f.text.body) for f in first.context.context] == [
        ("a colleague, who looked at the plan", "Mail him too.")
    ]


async def test_a_rejected_plan_stops_and_what_was_done_stands(stage: World) -> None:
    it = await reviewed(
        stage,
        "before-step",
        [plan(step("s1"), step("s2", "s1", role="clerk"))],
        {"s1": [calls(("lookup", {"order": "7"})), answer("It is there.")]},
    )
    kept = await it.record()
    assert kept.step_id == "s2" and "[done] operator" in kept.plan.body and "[next] clerk" in kept.plan.body
    await (await it.looked()).decide("reject", note="He has it already.")
    result = await it.result()
    assert result.stage is TaskStage.DECLINED
    assert result.speech.body == "It is there. It was not approved. He has it already."


async def test_nobody_looks_in_time(stage: World) -> None:
    it = await reviewed(stage, "in-vain", [plan(step("s1", role="clerk"))], {})
    result = await it.result()
    assert (result.stage, result.speech.body) == (TaskStage.DECLINED, "Nobody decided in time.")


async def test_the_outcome_of_a_step_is_told_only_after_somebody_saw_it(stage: World) -> None:
    it = await reviewed(stage, "after-step", [plan()], {"s1": [answer("Done.")]})
    kept = await it.record()
    assert kept.step_id == "s1" and "-> Done." in kept.plan.body
    await it.at(TaskStage.WAITING_APPROVAL)
    await (await it.looked()).decide()
    assert (await it.result()).speech.body == "Done."


async def test_a_cancelled_task_withdraws_what_waits(stage: World) -> None:
    it = await reviewed(stage, "plan", [plan()], {})
    looked = await it.looked()
    await it.handle.signal("cancel")
    assert (await it.result()).stage is TaskStage.CANCELLED
    await looked.record(CheckpointStage.WITHDRAWN)


async def test_a_checkpoint_that_is_gone_is_one_at_which_nobody_decided(stage: World) -> None:
    it = await reviewed(stage, "plan", [plan()], {})
    await (await it.looked()).handle.terminate()
    assert (await it.result()).stage is TaskStage.DECLINED


async def test_a_reviewers_plan_runs_in_place_of_what_has_not_and_nobody_looks_again(stage: World) -> None:
    it = await reviewed(
        stage, "plan", [plan(step("s1"), step("s2", "s1"))], {"s2": [answer("Two.")], "s4": [answer("Four.")]}
    )
    looked = await it.looked()
    wrong = {"steps": [{"id": "s1", "role": "pirate", "goal": "sail"}]}
    await looked.decide("redirect", plan=wrong)
    await looked.decide("approve", plan=wrong)
    await looked.decide("redirect", plan="s2")
    steps = [
        {"id": "s2", "role": "operator", "goal": "another goal"},
        {"id": "s4", "role": "clerk", "goal": "goal of s4", "depends_on": ["s2"]},
    ]
    await looked.decide("redirect", plan={"steps": steps}, note="He has it.")
    receipts = await looked.receipts(4)
    assert [r.accepted for r in receipts] == [False, False, False, True]
    assert "unknown role 'pirate'" in receipts[0].reason and "belongs to the verdict redirect" in receipts[1].reason
    result = await it.result()
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "Two. Four.")
    assert [s.step_id for s in result.steps] == ["s2", "s4"]
    assert len([r for r in stage.models.planned if r.task.task_id == it.task_id]) == 1, "no planner was asked again"
    kept = await looked.record(CheckpointStage.REDIRECTED)
    assert kept.note is not None and kept.note.body.startswith("He has it.\nthe plan was edited:\n")
    assert "another goal" in kept.note.body


async def test_the_caller_hears_that_it_goes_on_although_nobody_looked(stage: World) -> None:
    it = await reviewed(stage, "unseen", [plan(step("s1"), step("s2", "s1", role="clerk"))], {"s1": [answer("One.")]})
    held = Held()
    stage.models.thoughts[it.task_id, "s2"].append(held.thinking(answer("Two.")))
    await held.reached()

    async def told() -> list[str]:
        views = await stage.inbox(f"subject-of-{it.task_id}")
        return [v.delivery.speech.body for v in views.values() if "Nobody could look" in v.delivery.speech.body]

    assert await until(told) == ["Nobody could look at it in time, so I go on without."]
    held.go_on.set()
    assert (await it.result()).speech.body == "One. Two."
