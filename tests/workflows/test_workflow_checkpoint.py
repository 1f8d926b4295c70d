"""A plan waits for a person: what the decision means reaches the task, everything else is refused on the record."""

from __future__ import annotations

import asyncio
from typing import Any

from temporalio.api.common.v1 import Payload
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowHandle
from temporalio.common import RawValue
from test_workflow_approval import JSON
from workflow_world import World, until, words

from contracts.approval import DecisionReceipt
from contracts.checkpoint import CheckpointAt, CheckpointRequest, CheckpointRule, CheckpointStage, CheckpointView
from contracts.ladder import Fallback, Rung, RungKind
from contracts.names import VIEW_QUERY, Signal, TaskQueue, WorkflowType, checkpoint_workflow_id, new_id
from contracts.records import CheckpointRecord


def rule(at: CheckpointAt = CheckpointAt.PLAN, *, deadline: float = 60, **more: Any) -> CheckpointRule:
    last = Rung(after_seconds=deadline, kind=RungKind.FALLBACK, fallback=more.pop("fallback", Fallback.DENY))
    fields = {"id": f"look-{at.value.replace('_', '-')}", "at": at, "why": "money", "reviewers": ("support-leads",)}
    return CheckpointRule(**fields, grace_seconds=1.0, ladder=(last,), **more)  # type: ignore[arg-type]


class Looked:
    """A plan at which somebody looks, of a task that is not there to be told."""

    def __init__(self, stage: World, checkpoint_id: str) -> None:
        self._stage = stage
        self.checkpoint_id = checkpoint_id
        self.handle: WorkflowHandle[Any, Any] = stage.client.get_workflow_handle(checkpoint_workflow_id(checkpoint_id))

    async def view(self) -> CheckpointView:
        found: CheckpointView = await self.handle.query(VIEW_QUERY, result_type=CheckpointView)
        return found

    async def decide(self, verdict: str = "approve", reviewer: str = "ann", **more: Any) -> None:
        digest = more.pop("digest", None) or (await self.view()).request.digest[:12]
        await self.handle.signal("decide", {"reviewer": reviewer, "verdict": verdict, "digest": digest, **more})

    async def receipts(self, count: int) -> tuple[DecisionReceipt, ...]:
        async def enough() -> tuple[DecisionReceipt, ...] | None:
            found = (await self.view()).review.receipts
            return found if len(found) >= count else None

        return await until(enough)

    async def record(self, stage: CheckpointStage) -> CheckpointRecord:
        async def kept() -> CheckpointRecord | None:
            found = await asyncio.to_thread(self._stage.records.checkpoint, self.checkpoint_id)
            return found if found is not None and found.stage is stage else None

        return await until(kept)


async def looked_at(stage: World, of: CheckpointRule | None = None) -> Looked:
    task_id = new_id("task")
    request = CheckpointRequest(
        checkpoint_id=f"{task_id}.c1",
        task_id=task_id,
        session_id=f"session-of-{task_id}",
        subject_id="subject-1",
        composition="desk",
        goal=words("refund order 7"),
        plan=words("1. [to do] operator: refund order 7"),
        digest="0123456789abcdef" * 4,
        rule=of or rule(),
        reply_to=f"task/{task_id}",
    )
    found = Looked(stage, request.checkpoint_id)
    await stage.client.start_workflow(
        WorkflowType.CHECKPOINT.value, request, id=found.handle.id, task_queue=TaskQueue.ORCHESTRATION.value
    )
    return found


async def test_one_decision_counts_and_the_rest_is_refused_on_the_record(stage: World) -> None:
    it = await looked_at(stage)
    await it.record(CheckpointStage.OPEN)
    await it.handle.signal("decide", args=[RawValue(Payload(metadata=JSON, data=b"{broken"))])
    await it.handle.signal("decide")
    await it.decide(digest="f" * 12)
    await it.decide("redirect")
    await it.decide("take_over")
    await it.decide("redirect", note="Ask him for the receipt first.")
    await it.decide("approve", "ben")
    receipts = await it.receipts(7)
    assert [r.accepted for r in receipts] == [False, False, False, False, False, True, False]
    for receipt, part in zip(
        receipts,
        (
            "not JSON",
            "empty",
            "something else",
            "a note",
            "not one of approve, redirect",
            "counted",
            "already redirected",
        ),
        strict=True,
    ):
        assert part in receipt.reason, receipt
    kept = await it.record(CheckpointStage.REDIRECTED)
    assert kept.note is not None and kept.note.body == "Ask him for the receipt first." and kept.reviewer == "ann"
    assert await it.handle.result() == CheckpointStage.REDIRECTED.value
    assert len(stage.records.decisions(it.checkpoint_id)) == 7
    lines = stage.records.audit(kept.session_id)
    assert [line.action for line in lines if line.action.startswith("checkpoint.")] == [
        "checkpoint.opened", "checkpoint.redirected",
    ]  # fmt: skip
    assert "receipt first" not in str([line.detail for line in lines])


async def test_nobody_decides_or_nobody_needs_to_any_more(stage: World) -> None:
    late = await looked_at(stage, rule(deadline=0.5))
    given_up = await looked_at(stage)
    await given_up.handle.signal(Signal.WITHDRAW.value)
    assert await late.handle.result() == CheckpointStage.EXPIRED.value
    assert await given_up.handle.result() == CheckpointStage.WITHDRAWN.value
    await late.record(CheckpointStage.EXPIRED)
    await given_up.record(CheckpointStage.WITHDRAWN)


async def test_what_a_reviewer_sees_in_the_web_ui(stage: World) -> None:
    it = await looked_at(stage)
    await it.record(CheckpointStage.OPEN)

    async def listed() -> list[str]:
        query = "ReviewState='open' AND WorkflowType='Checkpoint'"
        return [w.id async for w in stage.client.list_workflows(query) if w.id == it.handle.id]

    assert await until(listed)
    metadata = await it.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    details = metadata.current_details
    assert "A plan waits for a person" in details and '"digest":"0123456789ab"' in details
    assert "refund" not in details, "content stays out of what is not sealed"
    await it.handle.signal(Signal.WITHDRAW.value)
    await it.record(CheckpointStage.WITHDRAWN)
