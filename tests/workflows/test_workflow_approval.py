"""One gated action waits for a named person. Whatever arrives is answered on the record, and counts at most once."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.service import RPCError
from test_workflow_task import answer, calls, plan
from workflow_world import World, until

from contracts.approval import ApprovalStage, ApprovalView, DecisionReceipt
from contracts.delivery import DeliveryState
from contracts.names import VIEW_QUERY, Signal, approval_workflow_id, new_id
from contracts.records import ApprovalRecord
from contracts.task import TaskResult, TaskStage

JSON = {"encoding": b"json/plain"}


class Gate:
    """A task that waits for the approval of a refund."""

    def __init__(self, stage: World, task_id: str, task: WorkflowHandle[Any, Any]) -> None:
        self._stage = stage
        self.task_id = task_id
        self.approval_id = f"{task_id}.s1.1"
        self.task = task
        self.handle = stage.client.get_workflow_handle(approval_workflow_id(self.approval_id))

    async def view(self) -> ApprovalView:
        found: ApprovalView = await self.handle.query(VIEW_QUERY, result_type=ApprovalView)
        return found

    async def decide(self, reviewer: str = "ann", verdict: str = "approve", **more: Any) -> None:
        digest = more.pop("digest", None) or (await self.view()).digest
        await self.handle.signal("decide", {"reviewer": reviewer, "verdict": verdict, "digest": digest, **more})

    async def raw(self, *payloads: Payload) -> None:
        await self.handle.signal("decide", args=[RawValue(payload) for payload in payloads])

    async def receipts(self, count: int) -> tuple[DecisionReceipt, ...]:
        async def enough() -> ApprovalView | None:
            view = await self.view()
            return view if len(view.receipts) >= count else None

        return (await until(enough)).receipts

    async def result(self) -> TaskResult:
        result: TaskResult = await self.task.result()
        return result

    async def record(self, stage: ApprovalStage) -> ApprovalRecord:
        async def kept() -> ApprovalRecord | None:
            found = await asyncio.to_thread(self._stage.records.approval, self.approval_id)
            return found if found is not None and found.stage is stage else None

        return await until(kept)


async def gated(
    stage: World,
    composition: str = "desk",
    session_id: str | None = None,
    subject_id: str | None = None,
    **arguments: object,
) -> Gate:
    task_id = new_id("task")
    stage.models.plans[task_id].append(plan())
    stage.models.thoughts[task_id, "s1"].extend(
        [calls(("refund", {"order": "7"} | arguments)), answer("It is refunded.")]
    )
    task = await stage.start_task(
        task_id=task_id, composition=composition, session_id=session_id, subject_id=subject_id
    )
    gate = Gate(stage, task_id, task)
    await gate.record(ApprovalStage.PENDING)
    return gate


async def test_approved(stage: World) -> None:
    gate = await gated(stage)
    assert not stage.tools.calls_of(gate.task_id), "nothing happens before the decision"
    request = (await gate.view()).request
    assert (request.tool, request.action.body, request.rule_id) == ("refund", "Refund order 7", "refunds")
    await gate.decide(digest=request.digest[:12])
    result = await gate.result()
    assert (result.stage, result.speech.body) == (TaskStage.DONE, "It is refunded.")
    [call] = stage.tools.calls_of(gate.task_id)
    assert (call.approval_id, call.approved_digest) == (gate.approval_id, request.digest)
    kept = await gate.record(ApprovalStage.APPROVED)
    assert kept.reviewer == "ann" and kept.decided_at is not None and kept.revision == 2
    news = await stage.inbox(f"subject-of-{gate.task_id}")
    assert {v.delivery.speech.body: v.state for v in news.values()} == {
        "A colleague is checking.": DeliveryState.DROPPED,
        "It is refunded.": DeliveryState.OWED,
    }


async def test_rejected(stage: World) -> None:
    gate = await gated(stage)
    await gate.decide(verdict="reject", note="The order is too old.")
    result = await gate.result()
    assert result.stage is TaskStage.DECLINED
    assert result.speech.body == "It was not approved. The order is too old."
    assert not stage.tools.calls_of(gate.task_id)
    await gate.record(ApprovalStage.REJECTED)


async def test_expired_and_late_in_the_grace_time(stage: World) -> None:
    gate = await gated(stage, "hasty")
    result = await gate.result()
    assert (result.stage, result.speech.body) == (TaskStage.DECLINED, "Nobody decided in time.")
    assert not stage.tools.calls_of(gate.task_id)
    kept = await gate.record(ApprovalStage.EXPIRED)
    assert kept.reviewer is None
    await gate.decide()
    [late] = await gate.receipts(1)
    assert not late.accepted and "too late" in late.reason
    assert await gate.handle.result() == ApprovalStage.EXPIRED.value
    with pytest.raises(RPCError, match="already completed"):
        await gate.handle.signal("decide", {})
    assert [d.accepted for d in stage.records.decisions(gate.approval_id)] == [False]
    assert not stage.tools.calls_of(gate.task_id)


async def test_whatever_is_sent_is_refused_on_the_record_and_one_decision_counts(stage: World) -> None:
    gate = await gated(stage)
    await gate.raw()  # the Web UI's empty signal
    await gate.raw(Payload(metadata=JSON, data=b"{broken \xff"))
    await gate.raw(Payload(metadata={"encoding": b"binary/null"}))
    await gate.raw(Payload(metadata=JSON, data=b"[" * 50_000))
    await gate.raw(Payload(metadata=JSON, data=b'{"reviewer":"\\ud800","verdict":"approve"}'))
    await gate.raw(Payload(metadata={"encoding": b"of nobody"}, data=b"\x00\x01"))
    await gate.decide("eve")
    await gate.decide(digest="0" * 64)
    await gate.decide(verdict="maybe")
    await gate.decide("ben")
    await gate.decide("ann", "reject")
    receipts = await gate.receipts(11)
    assert [r.number for r in receipts] == list(range(1, 12))
    assert [r.number for r in receipts if r.accepted] == [10]
    reasons = [r.reason for r in receipts]
    for reason, part in zip(
        reasons,
        ("empty", "not JSON", "empty", "not JSON", "not a reviewer", "not JSON", "not a reviewer", "another action",
         "not one of", "counted", "already approved by ben"),
        strict=True,
    ):  # fmt: skip
        assert part in reason
    assert (await gate.result()).stage is TaskStage.DONE
    await gate.handle.result()
    kept = stage.records.decisions(gate.approval_id)
    assert [(d.number, d.accepted, d.reason) for d in kept] == [(r.number, r.accepted, r.reason) for r in receipts]
    assert len(stage.tools.calls_of(gate.task_id)) == 1


async def test_a_signal_with_two_values_harms_nothing(stage: World) -> None:
    """`temporal workflow signal -i X -i Y` is easily typed."""
    gate = await gated(stage)
    await gate.raw(Payload(metadata=JSON, data=b'"ann"'), Payload(metadata=JSON, data=b'"approve"'))
    [refused] = await gate.receipts(1)
    assert not refused.accepted and "no object" in refused.reason
    with pytest.raises(WorkflowUpdateFailedError):
        await gate.handle.execute_update("decide_update", args=["ann", "approve"])
    empty = await gate.handle.execute_update("decide_update", result_type=DecisionReceipt)
    assert not empty.accepted and "empty" in empty.reason
    await gate.decide()
    assert (await gate.result()).stage is TaskStage.DONE


async def test_an_update_is_answered_with_its_receipt(stage: World) -> None:
    gate = await gated(stage)

    async def update(**decision: Any) -> DecisionReceipt:
        receipt: DecisionReceipt = await gate.handle.execute_update(
            "decide_update", decision, result_type=DecisionReceipt
        )
        return receipt

    digest = (await gate.view()).request.digest
    refused = await update(reviewer="eve", verdict="approve", digest=digest)
    assert not refused.accepted and refused.channel == "update"
    both = await asyncio.gather(
        update(reviewer="ann", verdict="approve", digest=digest),
        update(reviewer="ben", verdict="reject", digest=digest),
    )
    assert sorted(r.accepted for r in both) == [False, True]
    assert {r.number for r in both} == {2, 3} and {r.reviewer for r in both} == {"ann", "ben"}
    expected = TaskStage.DONE if both[0].accepted else TaskStage.DECLINED
    assert (await gate.result()).stage is expected


async def test_a_decision_in_time_counts_although_the_records_answer_late(stage: World) -> None:
    """The reviewer's row is read only after the deadline; what counts is when the decision came."""
    gate = await gated(stage, "hasty")
    deadline = (await gate.view()).deadline
    with stage.records_held_until(deadline + timedelta(seconds=0.3)):
        await gate.decide()
        [receipt] = await gate.receipts(1)
    assert receipt.accepted and receipt.at < deadline
    assert (await gate.result()).stage is TaskStage.DONE


async def test_what_a_reviewer_sees_in_the_web_ui(stage: World) -> None:
    gate = await gated(stage)
    found = await until(lambda: _listed(stage, gate))
    assert found == [approval_workflow_id(gate.approval_id)]
    metadata = await gate.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    details = metadata.current_details
    assert "decide" in [signal.name for signal in metadata.definition.signal_definitions]
    digest = (await gate.view()).request.digest[:12]
    assert "Waiting for a reviewer" in details and digest in details and "--name decide" in details
    assert "order 7" not in details.lower() and '"7"' not in details, "content stays out of what is not sealed"
    await gate.decide(verdict="reject")
    await gate.result()


async def _listed(stage: World, gate: Gate) -> list[str]:
    query = f"ApprovalState='pending' AND WorkflowType='Approval' AND SessionId='session-of-{gate.task_id}'"
    return [w.id async for w in stage.client.list_workflows(query)]


def test_the_signal_has_the_name_that_is_documented() -> None:
    assert Signal.DECIDE.value == "decide"
