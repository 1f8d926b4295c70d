"""What a reviewer granted goes unasked, within its bounds; what goes beyond, or was taken back, waits again."""

from __future__ import annotations

from test_workflow_approval import Gate, gated
from test_workflow_approval_commands import greenroom
from test_workflow_task import answer, calls, plan
from workflow_world import World

from contracts.approval import ApprovalStage
from contracts.names import new_id
from contracts.task import TaskStage

VARY = {"order": "any", "amount": {"at_most": 50}}


async def again(stage: World, first: Gate, composition: str = "granting", **arguments: object) -> Gate:
    """The same person wants another refund."""
    task_id = new_id("task")
    stage.models.plans[task_id].append(plan())
    refund = calls(("refund", {"order": "7", "amount": 40, **arguments}))
    stage.models.thoughts[task_id, "s1"].extend([refund, answer("It is refunded.")])
    subject = f"subject-of-{first.task_id}"
    return Gate(stage, task_id, await stage.start_task(task_id=task_id, composition=composition, subject_id=subject))


async def given(stage: World, scope: str = "subject") -> Gate:
    gate = await gated(stage, "granting", amount=40)
    await gate.decide(verdict="approve_and_grant", scope=scope, vary=VARY, seconds=600)
    assert (await gate.result()).stage is TaskStage.DONE
    await gate.record(ApprovalStage.APPROVED)
    return gate


async def test_a_granted_call_goes_unasked_and_its_line_names_the_grant(stage: World) -> None:
    first = await given(stage)
    grant = stage.records.grant(f"{first.approval_id}.grant")
    assert grant is not None and grant.granted_by == "ann"
    second = await again(stage, first, order="8", amount=50)
    assert (await second.result()).speech.body == "It is refunded."
    [call] = stage.tools.calls_of(second.task_id)
    assert (call.grant_id, call.approval_id) == (grant.grant_id, None)
    assert stage.records.approval(second.approval_id) is None, "nobody was asked"
    [line] = [line for line in stage.records.audit(f"session-of-{second.task_id}") if line.action == "tool.ok"]
    assert line.detail["grant"] == grant.grant_id and line.entry_id == call.call_id
    [arguments] = stage.records.exhibits([line.exhibits["arguments"]]).values()
    assert arguments == call.arguments
    [given_line] = [line for line in stage.records.audit(f"session-of-{first.task_id}") if line.action == "grant.given"]
    assert given_line.actor == "reviewer:ann" and given_line.detail["scope"] == "subject"


async def test_what_goes_beyond_the_grant_waits_for_a_person(stage: World) -> None:
    first = await given(stage)
    beyond = await again(stage, first, amount=51)
    await beyond.record(ApprovalStage.PENDING)
    assert not stage.tools.calls_of(beyond.task_id)
    await beyond.decide(verdict="reject")
    assert (await beyond.result()).stage is TaskStage.DECLINED
    only_there = await given(stage, "session")
    elsewhere = await again(stage, only_there)
    await elsewhere.record(ApprovalStage.PENDING)
    await elsewhere.decide(verdict="reject")
    assert not stage.tools.calls_of(elsewhere.task_id)
    unruled = await again(stage, first, "desk")
    await unruled.record(ApprovalStage.PENDING)
    await unruled.decide(verdict="reject")
    await unruled.result()


async def test_a_grant_is_given_listed_and_taken_back_by_command(stage: World) -> None:
    gate = await gated(stage, "granting", amount=40)
    grant = ("approvals", "grant", gate.approval_id, "--reviewer", "ann")
    code, printed = await greenroom(stage, *grant, "--at-most", "amount")
    assert code == 1 and "NAME=NUMBER" in printed
    code, printed = await greenroom(stage, *grant, "--seconds", "4000")
    assert code == 1 and "3600 s at most" in printed
    bounds = ("--any", "order", "--at-most", "amount=50", "--scope", "subject", "--seconds", "600")
    code, printed = await greenroom(stage, *grant, *bounds)
    assert code == 0 and "granted until" in printed
    grant_id = f"{gate.approval_id}.grant"
    code, printed = await greenroom(stage, "grants", "ls", "--subject", f"subject-of-{gate.task_id}")
    assert code == 0 and "stands" in printed and "amount up to 50, any order" in printed
    code, printed = await greenroom(stage, "grants", "revoke", grant_id, "--reviewer", "mallory")
    assert code == 1 and "may not decide" in printed
    code, printed = await greenroom(stage, "grants", "revoke", grant_id, "--reviewer", "ben")
    assert code == 0, printed
    code, printed = await greenroom(stage, "grants", "ls", "--subject", f"subject-of-{gate.task_id}")
    assert "none" in printed
    _, printed = await greenroom(stage, "grants", "ls", "--all", "--subject", f"subject-of-{gate.task_id}")
    assert "revoked by ben" in printed
    next_one = await again(stage, gate)
    await next_one.record(ApprovalStage.PENDING)
    await next_one.decide(verdict="reject")
    await next_one.result()
    assert not stage.tools.calls_of(next_one.task_id)
