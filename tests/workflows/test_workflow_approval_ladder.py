"""While a gated action waits: it is put off, handed on, claimed, reminded of, passed on; and what comes in the end."""

from __future__ import annotations

from temporalio.api.sdk.v1 import WorkflowMetadata
from test_workflow_approval import Gate, gated
from workflow_world import World, until

from contracts.approval import ApprovalStage
from contracts.delivery import DeliveryState
from contracts.escalation import EscalationCause, EscalationStage
from contracts.records import EscalationRecord
from contracts.task import StepStatus, TaskStage
from policy.escalation import new_id as escalation_id


async def _details(gate: Gate) -> str:
    metadata = await gate.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(metadata.current_details)


async def test_an_extension_outlasts_the_first_deadline_and_is_bounded(stage: World) -> None:
    gate = await gated(stage, "patient")
    first = (await gate.view()).deadline
    await gate.decide(verdict="extend", seconds=3600)
    await gate.decide(verdict="extend", seconds=3)
    [refused, extended] = await gate.receipts(2)
    assert not refused.accepted and "allows 3 s more" in refused.reason
    assert extended.accepted and ((await gate.view()).deadline - first).total_seconds() == 3
    assert (await gate.result()).speech.body == "Nobody decided in time."
    kept = await gate.record(ApprovalStage.EXPIRED)
    assert (kept.deadline - first).total_seconds() == 3
    assert kept.decided_at is not None and kept.decided_at >= kept.deadline, "it waited for the later deadline"
    actions = [line.action for line in stage.records.audit(f"session-of-{gate.task_id}")]
    assert "approval.extended" in actions and "decision.refused" in actions


async def test_once_delegated_only_the_delegate_decides(stage: World) -> None:
    gate = await gated(stage)
    await gate.decide(verdict="delegate", to="group:nobodies")
    await gate.decide(verdict="delegate", to="ben")
    await gate.decide()
    await gate.receipts(3)
    assert "only **ben** may decide" in await _details(gate)
    assert (await gate.view()).only == "ben"
    assert not stage.tools.calls_of(gate.task_id)
    await gate.decide("ben")
    receipts = await gate.receipts(4)
    assert [r.accepted for r in receipts] == [False, True, False, True]
    assert "neither a reviewer nor a group" in receipts[0].reason
    assert receipts[2].reason == "delegated: only ben may decide"
    assert (await gate.result()).stage is TaskStage.DONE
    assert (await gate.record(ApprovalStage.APPROVED)).reviewer == "ben"


async def test_a_claim_is_shown_and_a_decision_by_another_is_recorded_as_such(stage: World) -> None:
    gate = await gated(stage)
    await gate.decide(verdict="claim")
    await gate.receipts(1)
    assert "claimed by **ann**" in await _details(gate)
    await gate.decide(verdict="release")
    await gate.receipts(2)
    assert "claimed" not in await _details(gate)
    await gate.decide(verdict="claim")
    await gate.decide("ben")
    receipts = await gate.receipts(4)
    assert all(r.accepted for r in receipts) and receipts[3].reason == "counted, although claimed by ann"
    assert (await gate.result()).stage is TaskStage.DONE
    kept = stage.records.decisions(gate.approval_id)
    assert [d.verdict for d in kept] == ["claim", "release", "claim", "approve"]


async def _heard(stage: World, gate: Gate, words: str) -> DeliveryState | None:
    news = await stage.inbox(f"subject-of-{gate.task_id}")
    return next((view.state for view in news.values() if view.delivery.speech.body == words), None)


async def test_who_does_not_come_is_reminded_and_then_others_may_decide(stage: World) -> None:
    gate = await gated(stage, "climbing")
    assert "may decide: `group:managers`" in await _details(gate)
    assert "`group:support-leads` may decide too" in await _details(gate), "what is ahead is shown"
    await gate.decide("ann")
    [early] = await gate.receipts(1)
    assert not early.accepted and early.reason == "ann is none of group:managers"
    await until(lambda: _heard(stage, gate, "It still waits."))
    await until(lambda: _heard(stage, gate, "Someone else looks."))
    assert await _heard(stage, gate, "It still waits.") is DeliveryState.DROPPED, "news is replaced, not piled up"
    assert (await gate.view()).deciders == ("group:managers", "group:support-leads")
    await until(lambda: _waits_for(stage, gate, "group:support-leads"))
    await gate.decide("ann")
    assert (await gate.result()).stage is TaskStage.DONE
    actions = [line.action for line in stage.records.audit(f"session-of-{gate.task_id}")]
    assert [a for a in actions if a in ("approval.remind", "approval.pass_on")] == [
        "approval.remind",
        "approval.pass_on",
    ]
    news = await stage.inbox(f"subject-of-{gate.task_id}")
    assert {v.delivery.speech.body for v in news.values() if v.state is DeliveryState.OWED} == {"It is refunded."}


async def _waits_for(stage: World, gate: Gate, whom: str) -> bool:
    query = f"Reviewer='{whom}' AND ApprovalState='pending' AND SessionId='session-of-{gate.task_id}'"
    return [w.id async for w in stage.client.list_workflows(query)] == [gate.handle.id]


async def test_when_nobody_decides_something_safe_is_done_instead(stage: World) -> None:
    gate = await gated(stage, "safe")
    result = await gate.result()
    [call] = stage.tools.calls_of(gate.task_id)
    assert (call.tool, call.arguments.body, call.approval_id) == ("book", '{"slot":"7"}', None)
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "Something safe was done instead. It is refunded.")
    [_, last] = stage.models.thoughts_of(gate.task_id)
    assert [c.tool for c in last.messages[0].tool_calls] == ["book"], "the model sees what was done"
    assert [effect.tool for effect in result.steps[0].effects] == ["book"]
    await gate.record(ApprovalStage.EXPIRED)


async def test_when_nobody_decides_a_person_is_asked_into_the_call(stage: World) -> None:
    gate = await gated(stage, "asking-in")
    result = await gate.result()
    assert (result.stage, result.speech.body) == (TaskStage.NEEDS_PERSON, "A colleague is asked to join.")
    assert not stage.tools.calls_of(gate.task_id)

    async def asked() -> EscalationRecord | None:
        return stage.records.escalation(escalation_id(f"session-of-{gate.task_id}", gate.approval_id))

    found = await until(asked)
    assert (found.cause, found.stage) == (EscalationCause.APPROVAL, EscalationStage.OPEN)
    assert found.reason.body == "Nobody decided in time about: Refund order 7"


async def test_a_reviewer_takes_it_over(stage: World) -> None:
    gate = await gated(stage, "pair", amount=240)
    await gate.decide("ann")
    await gate.decide("ben", "take_over", note="I call you tomorrow.")
    result = await gate.result()
    assert (result.stage, result.steps[0].status) == (TaskStage.NEEDS_PERSON, StepStatus.NEEDS_PERSON)
    assert result.speech.body == "A colleague does it. I call you tomorrow."
    assert not stage.tools.calls_of(gate.task_id)
    kept = await gate.record(ApprovalStage.TAKEN_OVER)
    assert kept.reviewer == "ben" and "taken over" in await _details(gate)
    await gate.decide("ann")
    [*_, late] = await gate.receipts(3)
    assert late.reason == "already taken over by ben"


async def test_it_is_passed_on_at_once_where_nobody_is_there(stage: World) -> None:
    """Nobody is in the group that may decide first, and the ladder would pass it on only after a while."""
    gate = await gated(stage, "absent")

    async def passed_on() -> bool:
        actions = [line.action for line in stage.records.audit(f"session-of-{gate.task_id}")]
        return "approval.pass_on" in actions

    await until(passed_on)
    view = await gate.view()
    assert view.deciders == ("group:night-shift", "group:support-leads")
    assert "approval.remind" not in [line.action for line in stage.records.audit(f"session-of-{gate.task_id}")]
    await gate.decide()
    assert (await gate.result()).stage is TaskStage.DONE
