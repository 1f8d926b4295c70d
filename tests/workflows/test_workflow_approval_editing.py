"""What is done is exactly what was decided: as a reviewer changed it, and seen by as many people as the rule wants."""

from __future__ import annotations

import json
from typing import Any

from temporalio.api.sdk.v1 import WorkflowMetadata
from test_workflow_approval import Gate, gated
from workflow_world import World, until

from contracts.approval import ApprovalStage
from contracts.records import ApprovalRecord
from contracts.task import TaskStage
from policy.authority import action_digest


async def _details(gate: Gate) -> str:
    metadata = await gate.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    return str(metadata.current_details)


async def _agreed_by(gate: Gate, *names: str) -> ApprovalRecord | None:
    kept = await gate.record(ApprovalStage.PENDING)
    return kept if kept.approved_by == names else None


async def test_the_edited_call_is_made_told_and_audited(stage: World) -> None:
    gate = await gated(stage, amount=240)
    asked = (await gate.view()).digest
    await gate.decide(arguments={"amount": 100}, note="Half is fair.")
    result = await gate.result()
    edited = {"order": "7", "amount": 100}
    [call] = stage.tools.calls_of(gate.task_id)
    assert json.loads(call.arguments.body) == edited
    assert call.approved_digest == action_digest("refund", edited) != asked
    assert (result.stage, result.speech.body) == (
        TaskStage.DONE,
        "A colleague approved it with a change: Refund order 7. Half is fair. It is refunded.",
    )
    [_, last] = stage.models.thoughts_of(gate.task_id)
    [proposed] = last.messages[0].tool_calls
    assert json.loads(proposed.arguments.body) == edited, "the model sees what was done, not what it had proposed"
    [asked_of_tool] = [c for c in stage.tools.asked if c.task_id == gate.task_id]
    assert json.loads(asked_of_tool.arguments.body) == edited
    kept = await gate.record(ApprovalStage.APPROVED)
    assert kept.digest == asked and kept.edited_digest == call.approved_digest and kept.approved_by == ("ann",)
    assert kept.edited_arguments is not None and json.loads(kept.edited_arguments.body) == edited
    await gate.handle.result()
    about = {line.action: line.exhibits for line in stage.records.audit(f"session-of-{gate.task_id}")}

    def shown(action: str, name: str) -> str:
        [content] = stage.records.exhibits([about[action][name]]).values()
        return content.body

    assert (shown("decision.counted", "covers"), shown("decision.counted", "edited")) == (asked, kept.edited_digest)
    assert shown("approval.approved", "covers") == kept.edited_digest
    assert json.loads(shown("tool.ok", "arguments")) == edited


async def test_an_edit_that_cannot_be_is_refused_and_nothing_happens(stage: World) -> None:
    gate = await gated(stage, amount=240)
    await gate.decide(arguments={"amount": 241})
    await gate.decide(arguments={"order": "8"})
    stage.tools.objections[gate.task_id] = "refund would not take it: amount"
    await gate.decide(arguments={"amount": 100})
    receipts = await gate.receipts(3)
    assert not any(receipt.accepted for receipt in receipts)
    for receipt, part in zip(receipts, ("may not be more", "does not let order", "would not take it"), strict=True):
        assert part in receipt.reason
    assert len([c for c in stage.tools.asked if c.task_id == gate.task_id]) == 1, "what the rule forbids is not asked"
    assert not stage.tools.calls_of(gate.task_id)
    await gate.decide()
    await gate.result()
    [call] = stage.tools.calls_of(gate.task_id)
    assert json.loads(call.arguments.body)["amount"] == 240


async def test_two_people_must_see_the_same_action(stage: World) -> None:
    gate = await gated(stage, "pair", amount=240)
    await gate.decide("ann", private="seen the receipt")
    await gate.decide("ann")
    [first, again] = await gate.receipts(2)
    assert first.accepted and "1 of 2" in first.reason and not again.accepted
    assert "1 of 2 approved by **ann**" in await _details(gate)
    assert (await gate.view()).approved_by == ("ann",)
    seen_by_ann = (await gate.view()).digest
    await gate.decide("ben", arguments={"amount": 100})
    await gate.receipts(3)
    assert not stage.tools.calls_of(gate.task_id), "ann has not seen what ben made of it"
    details = await _details(gate)
    assert "1 of 2 approved by **ben**" in details and "changed by a reviewer: `amount`" in details
    partly = await until(lambda: _agreed_by(gate, "ben"))
    assert partly.edited_digest == (await gate.view()).digest
    await gate.decide("ann", digest=seen_by_ann)
    [*_, old] = await gate.receipts(4)
    assert not old.accepted and "another action" in old.reason
    await gate.decide("ann")
    result = await gate.result()
    assert result.speech.body.startswith("A colleague approved it with a change: Refund 100 for order 7.")
    [call] = stage.tools.calls_of(gate.task_id)
    assert json.loads(call.arguments.body) == {"order": "7", "amount": 100}
    assert (await gate.record(ApprovalStage.APPROVED)).approved_by == ("ben", "ann")
    remarks: list[Any] = [d.remark.body if d.remark else None for d in stage.records.decisions(gate.approval_id)]
    assert remarks[0] == "seen the receipt" and "receipt" not in result.speech.body


async def test_one_rejection_is_enough(stage: World) -> None:
    gate = await gated(stage, "pair", amount=240)
    await gate.decide("ann")
    await gate.decide("ben", "reject")
    assert (await gate.result()).stage is TaskStage.DECLINED
    assert not stage.tools.calls_of(gate.task_id)


async def test_withdrawn_when_it_is_needed_no_more(stage: World) -> None:
    gate = await gated(stage)
    await gate.handle.signal("withdraw")
    kept = await gate.record(ApprovalStage.WITHDRAWN)
    assert kept.reviewer is None and "withdrawn" in await _details(gate)
    await gate.decide()
    [late] = await gate.receipts(1)
    assert not late.accepted and "not done any more" in late.reason
    await gate.handle.signal("withdraw")
    assert (await gate.result()).stage is TaskStage.DECLINED
    assert await gate.handle.result() == ApprovalStage.WITHDRAWN.value
    assert not stage.tools.calls_of(gate.task_id)


async def test_withdrawing_what_was_decided_changes_nothing(stage: World) -> None:
    gate = await gated(stage)
    await gate.decide()
    await gate.receipts(1)
    await gate.handle.signal("withdraw")
    assert (await gate.result()).stage is TaskStage.DONE
    assert await gate.handle.result() == ApprovalStage.APPROVED.value
