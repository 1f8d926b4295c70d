"""While a gated action waits: its deadline is put off, it is handed to someone else, claimed and released."""

from __future__ import annotations

from temporalio.api.sdk.v1 import WorkflowMetadata
from test_workflow_approval import Gate, gated
from workflow_world import World

from contracts.approval import ApprovalStage
from contracts.task import TaskStage


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
