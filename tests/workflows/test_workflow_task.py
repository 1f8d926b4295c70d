"""Delegated work: planned, run in order, and answered."""

from __future__ import annotations

import json
from typing import Any

import pytest
from temporalio.exceptions import WorkflowAlreadyStartedError
from workflow_doubles import outcome
from workflow_world import World, until, words

from contracts.delivery import DeliveryState
from contracts.handoff import ProposedCall, Thought
from contracts.names import new_id
from contracts.task import Plan, PlanStep, StepStatus, TaskResult, TaskStage
from contracts.tools import ToolCall, ToolOutcome, ToolStatus


def step(step_id: str, *needs: str, role: str = "operator", goal: str | None = None) -> PlanStep:
    return PlanStep(step_id=step_id, role=role, goal=words(goal or f"goal of {step_id}"), depends_on=needs)


def plan(*steps: PlanStep) -> Plan:
    return Plan(steps=steps or (step("s1"),))


def calls(*wanted: tuple[str, Any]) -> Thought:
    proposed = tuple(
        ProposedCall(
            call_id=f"call_{n}",
            tool=tool,
            arguments=words(arguments if isinstance(arguments, str) else json.dumps(arguments)),
        )
        for n, (tool, arguments) in enumerate(wanted)
    )
    return Thought(calls=proposed, model="double", input_digest="0")


def answer(text: str) -> Thought:
    return Thought(answer=words(text), model="double", input_digest="0")


async def run(stage: World, the_plan: Plan, thoughts: dict[str, list[Thought]], **more: Any) -> TaskResult:
    task_id = more.pop("task_id", None) or new_id("task")
    stage.models.plans[task_id].append(the_plan)
    for step_id, script in thoughts.items():
        stage.models.thoughts[task_id, step_id].extend(script)
    handle = await stage.start_task(task_id=task_id, **more)
    result: TaskResult = await handle.result()
    return result


async def test_a_task_without_gate_is_done_and_its_outcome_owed_to_the_person(stage: World) -> None:
    result = await run(stage, plan(), {"s1": [calls(("lookup", {"order": "7"})), answer("It is on its way.")]})
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "It is on its way.")
    assert [s.status for s in result.steps] == [StepStatus.DONE]
    record = stage.records.task(result.task_id)
    assert record is not None and record.stage is TaskStage.DONE
    assert record.speech is not None and record.speech.body == "It is on its way."
    assert [(s.step_id, s.status) for s in stage.records.steps(result.task_id)] == [("s1", StepStatus.DONE)]
    owed = await stage.inbox(f"subject-of-{result.task_id}")
    assert [(v.state, v.delivery.speech.body) for v in owed.values()] == [(DeliveryState.OWED, "It is on its way.")]
    [told] = [m for m in stage.models.thoughts_of(result.task_id)[1].messages if m.role == "tool"]
    assert told.content is not None and told.content.body == '{"lookup":"ok"}' and told.tool_call_id == "call_0"


async def test_a_wrong_plan_is_repaired_once(stage: World) -> None:
    task_id = new_id("task")
    stage.models.plans[task_id].append(plan(step("s1", role="pirate")))
    result = await run(stage, plan(), {"s1": [answer("Done.")]}, task_id=task_id)
    assert result.stage is TaskStage.DONE
    asked = [r for r in stage.models.planned if r.task.task_id == task_id]
    assert asked[0].errors == () and "pirate" in asked[1].errors[0]


async def test_a_plan_that_stays_wrong_fails_and_the_person_is_told(stage: World) -> None:
    task_id = new_id("task")
    stage.models.plans[task_id].append(plan(step("s1", "s1")))
    result = await run(stage, plan(step("s1", "s2")), {}, task_id=task_id)
    assert (result.stage, result.speech.body) == (TaskStage.FAILED, "That did not work.")
    assert [v.delivery.speech.body for v in (await stage.inbox(f"subject-of-{task_id}")).values()] == [
        "That did not work."
    ]
    assert not stage.tools.calls_of(task_id)


async def test_independent_steps_run_at_the_same_time(stage: World) -> None:
    """Each of the two waits in its tool for the other: only together can they end."""
    task_id = new_id("task")
    meeting: set[str] = set()

    async def meet(call: ToolCall) -> ToolOutcome:
        meeting.add(call.step_id or "")

        async def both() -> bool:
            return len(meeting) == 2

        await until(both)
        return outcome(call, ToolStatus.OK)

    stage.tools.scripts[task_id, "lookup"].extend([meet, meet])
    look = calls(("lookup", {}))
    result = await run(
        stage,
        plan(step("s1"), step("s2"), step("s3", "s1", "s2")),
        {"s1": [look, answer("One.")], "s2": [look, answer("Two.")], "s3": [answer("Three.")]},
        task_id=task_id,
    )
    assert result.stage is TaskStage.DONE and result.speech.body == "One. Two. Three."
    assert len(stage.tools.calls_of(task_id)) == 2, "neither waited in vain and was tried again"
    [third] = [r for r in stage.models.thoughts_of(task_id) if r.context.step_id == "s3"]
    assert [p.answer.body for p in third.context.prior] == ["One.", "Two."]


async def test_a_failed_step_skips_all_that_need_it_and_nothing_else(stage: World) -> None:
    task_id = new_id("task")
    stage.tools.scripts[task_id, "mail"].append(ToolStatus.FAILED)
    result = await run(
        stage,
        plan(step("s1"), step("s2", "s1"), step("s3", "s2"), step("s4")),
        {"s1": [calls(("mail", {"order": "7"}))], "s4": [answer("The fourth is done.")]},
        task_id=task_id,
    )
    assert [s.status.value for s in result.steps] == ["failed", "skipped", "skipped", "done"]
    assert result.stage is TaskStage.FAILED
    assert result.speech.body == "That did not work. The fourth is done."


async def test_an_effect_without_key_is_sent_once_then_looked_up(stage: World) -> None:
    for found, status, stage_after in (
        (ToolStatus.OK, StepStatus.DONE, TaskStage.DONE),
        (ToolStatus.FAILED, StepStatus.FAILED, TaskStage.FAILED),
        (ToolStatus.UNKNOWN, StepStatus.NEEDS_PERSON, TaskStage.NEEDS_PERSON),
    ):
        task_id = new_id("task")
        stage.tools.scripts[task_id, "mail"].append(ToolStatus.UNKNOWN)
        stage.tools.lookups[task_id] = found
        script = {"s1": [calls(("mail", {"order": "7"})), answer("The mail is out.")]}
        result = await run(stage, plan(), script, task_id=task_id)
        assert (result.steps[0].status, result.stage) == (status, stage_after)
        [sent] = stage.tools.calls_of(task_id)
        assert sent.idempotency_key is None
        assert [r.call_id for r in stage.tools.resolved if r.task_id == task_id] == [sent.call_id]
        assert [e.status for e in result.steps[0].effects] == [found.value]


async def test_an_effect_without_key_whose_worker_hangs_is_not_sent_again(stage: World) -> None:
    task_id = new_id("task")

    async def breaks(call: ToolCall) -> ToolOutcome:
        raise RuntimeError("the worker died in the middle")

    stage.tools.scripts[task_id, "mail"].append(breaks)
    result = await run(stage, plan(), {"s1": [calls(("mail", {"order": "7"}))]}, task_id=task_id)
    assert result.stage is TaskStage.NEEDS_PERSON
    assert result.speech.body == "A colleague will check what happened."
    assert len(stage.tools.calls_of(task_id)) == 1


async def test_an_effect_with_key_is_repeated_under_the_same_key(stage: World) -> None:
    task_id = new_id("task")
    stage.tools.scripts[task_id, "book"].extend([ToolStatus.UNKNOWN, ToolStatus.FAILED])
    result = await run(stage, plan(), {"s1": [calls(("book", {"slot": 1})), answer("Booked.")]}, task_id=task_id)
    assert result.stage is TaskStage.DONE
    sent = stage.tools.calls_of(task_id)
    assert len(sent) == 3 and {c.idempotency_key for c in sent} == {f"{task_id}/s1/1"}
    assert [(e.tool, e.idempotency_key, e.status) for e in result.steps[0].effects] == [
        ("book", f"{task_id}/s1/1", "ok")
    ]


async def test_calls_with_the_same_id_of_the_model_are_told_apart(stage: World) -> None:
    task_id = new_id("task")
    book = calls(("book", {"slot": 1}))
    await run(stage, plan(), {"s1": [book, book, answer("Both.")]}, task_id=task_id)
    sent = stage.tools.calls_of(task_id)
    assert len({c.idempotency_key for c in sent}) == len({c.call_id for c in sent}) == 2


async def test_what_a_role_may_not_call_is_told_to_the_model_and_to_nobody_else(stage: World) -> None:
    task_id = new_id("task")
    forbidden = [("refund", {"order": "7"}), ("rm_rf", {}), ("lookup", "[]"), ("lookup", '{"a":"\\ud800"}')]
    result = await run(
        stage,
        plan(step("s1", role="clerk")),
        {"s1": [calls(*forbidden), answer("I may not do that.")]},
        task_id=task_id,
    )
    assert result.stage is TaskStage.DONE and result.speech.body == "I may not do that."
    assert not stage.tools.calls_of(task_id)
    told = [m.content.body for m in stage.models.thoughts_of(task_id)[1].messages if m.role == "tool" and m.content]
    assert [json.loads(body)["error"] for body in told] == ["refused"] * 4
    assert "does not hold billing.refund" in told[0] and "no object" in told[2]
    lines = [a for a in stage.records.audit(f"session-of-{task_id}") if a.action == "tool.refused"]
    assert [(a.actor, a.target) for a in lines] == [
        ("role:clerk", "refund"),
        ("role:clerk", "undeclared"),
        ("role:clerk", "lookup"),
        ("role:clerk", "lookup"),
    ]


async def test_a_loop_that_never_ends_is_ended_by_its_budget(stage: World) -> None:
    look = calls(("lookup", {}))
    by_models = await run(stage, plan(), {"s1": [look, look, calls(("rm_rf", {})), look, answer("never asked")]})
    assert by_models.stage is TaskStage.FAILED and by_models.speech.body == "That did not work."
    by_tools = await run(stage, plan(), {"s1": [calls(*[("lookup", {})] * 9)]})
    assert by_tools.stage is TaskStage.FAILED and len(stage.tools.calls_of(by_tools.task_id)) == 3


async def test_a_model_that_is_refused_for_good_fails_the_step(stage: World) -> None:
    result = await run(stage, plan(), {})
    assert result.stage is TaskStage.FAILED and result.speech.body == "That did not work."


async def test_a_task_that_is_sent_twice_is_done_once(stage: World) -> None:
    task_id = new_id("task")
    result = await run(stage, plan(), {"s1": [answer("Once.")]}, task_id=task_id)
    with pytest.raises(WorkflowAlreadyStartedError):
        await stage.start_task(task_id=task_id)
    assert result.speech.body == "Once."
    assert len(await stage.inbox(f"subject-of-{task_id}")) == 1
    entries = [a.action for a in stage.records.audit(f"session-of-{task_id}") if a.action.startswith("task.")]
    assert entries == ["task.planning", "task.running", "task.done"]
