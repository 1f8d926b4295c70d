"""A person is asked into a call: the call knows it, one decision ends it, and nobody is waited for for ever."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from desk_composition import DESK
from temporalio.api.common.v1 import Payload
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowHandle, WorkflowUpdateFailedError
from temporalio.common import RawValue
from temporalio.service import RPCError
from test_workflow_approval import JSON
from test_workflow_session import Call, call
from workflow_world import World, until

from contracts.approval import DecisionReceipt
from contracts.escalation import (
    CallEscalation,
    EscalationCause,
    EscalationRequest,
    EscalationRules,
    EscalationStage,
    EscalationView,
)
from contracts.events import EscalationNews, EscalationRequested
from contracts.ladder import Fallback, Rung, RungKind
from contracts.names import VIEW_QUERY, TaskQueue, WorkflowType, escalation_workflow_id
from contracts.records import EscalationRecord
from contracts.session import CallerPresence
from policy import escalation
from workers.sending import CHANNEL, Addressee, send
from workers.settings import load_settings

PATIENT = EscalationRules(reviewers=("support-leads",), grace_seconds=1.0)
HASTY = EscalationRules(
    reviewers=("managers",),
    grace_seconds=1.0,
    ladder=(
        Rung(after_seconds=0.5, kind=RungKind.REMIND),
        Rung(after_seconds=2.5, kind=RungKind.PASS_ON, to="group:support-leads"),
        Rung(after_seconds=3.0, kind=RungKind.FALLBACK, fallback=Fallback.GO_ON),
    ),
)

SOON_PASSED_ON = HASTY.model_copy(
    update={
        "ladder": (
            Rung(after_seconds=0.3, kind=RungKind.PASS_ON, to="group:support-leads"),
            Rung(after_seconds=60, kind=RungKind.FALLBACK, fallback=Fallback.GO_ON),
        )
    }
)


class Asked:
    """A call into which a person was asked."""

    def __init__(self, stage: World, it: Call, request: EscalationRequest) -> None:
        self._stage = stage
        self.call = it
        self.request = request
        self.escalation_id = request.escalation_id
        self.handle: WorkflowHandle[Any, Any] = stage.client.get_workflow_handle(
            escalation_workflow_id(request.escalation_id)
        )

    async def decide(self, reviewer: str = "ann", verdict: str = "resume", **more: Any) -> None:
        await self.handle.signal("decide", {"reviewer": reviewer, "verdict": verdict, **more})

    async def receipts(self, count: int) -> tuple[DecisionReceipt, ...]:
        async def enough() -> tuple[DecisionReceipt, ...] | None:
            view = await self.handle.query(VIEW_QUERY, result_type=EscalationView)
            return view.review.receipts if len(view.review.receipts) >= count else None

        return await until(enough)

    async def in_call(self, stage: EscalationStage) -> CallEscalation:
        """What the call knows, once it is at that stage."""

        async def known() -> CallEscalation | None:
            found = (await self._stage.snapshot(self.call.session_id)).escalations
            return next((e for e in found if e.escalation_id == self.escalation_id and e.stage is stage), None)

        return await until(known)

    async def record(self, stage: EscalationStage) -> EscalationRecord:
        async def kept() -> EscalationRecord | None:
            found = await asyncio.to_thread(self._stage.records.escalation, self.escalation_id)
            return found if found is not None and found.stage is stage else None

        return await until(kept)

    async def details(self) -> str:
        metadata = await self.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        return str(metadata.current_details)


async def asked(stage: World, rules: EscalationRules = PATIENT) -> Asked:
    it = await call(stage)
    request = escalation.request(
        DESK.model_copy(update={"escalation": rules}),
        EscalationCause.CALLER,
        datetime.now(UTC),
        session_id=it.session_id,
        subject_id=f"subject-of-{it.session_id}",
        occasion="turn-1",
        reason="The caller wants a person.",
        summary="caller: a person, please",
    )
    found = Asked(stage, it, request)
    await stage.client.start_workflow(
        WorkflowType.ESCALATION.value, request, id=found.handle.id, task_queue=TaskQueue.ORCHESTRATION.value
    )
    return found


async def test_resumed_with_what_the_reviewer_knows(stage: World) -> None:
    it = await asked(stage)
    opened = await it.in_call(EscalationStage.OPEN)
    assert opened.reason.body == "The caller wants a person." and opened.recommended.body
    await it.record(EscalationStage.OPEN)
    await it.decide(note="He has a voucher.")
    ended = await it.in_call(EscalationStage.RESUMED)
    assert ended.note is not None and ended.note.body == "He has a voucher."
    kept = await it.record(EscalationStage.RESUMED)
    assert kept.reviewer == "ann" and kept.decided_at is not None and kept.note == ended.note
    payloads = [event.payload for event in await it.call.events(3) if "escalation" in event.payload.type]
    assert [type(payload) for payload in payloads] == [EscalationRequested, EscalationNews]
    assert await it.handle.result() == EscalationStage.RESUMED.value
    lines = [(line.action, line.actor) for line in stage.records.audit(it.call.session_id)]
    assert ("escalation.requested", "workflow") in lines and ("escalation.resumed", "workflow") in lines
    assert ("decision.counted", "reviewer:ann") in lines
    assert "voucher" not in str([line.detail for line in stage.records.audit(it.call.session_id)])


async def test_taken_over_and_what_comes_after_is_refused_on_the_record(stage: World) -> None:
    it = await asked(stage)
    await it.decide("ann", "claim")
    await it.receipts(1)
    assert "claimed by **ann**" in await it.details()
    await it.decide("ben", "take_over")
    await it.in_call(EscalationStage.TAKEN_OVER)
    await it.decide("ann")
    receipts = await it.receipts(3)
    assert [r.accepted for r in receipts] == [True, True, False]
    assert [r.reason for r in receipts[1:]] == ["counted, although claimed by ann", "already taken over by ben"]
    await it.handle.result()
    with pytest.raises(RPCError, match="already completed"):
        await it.decide("ann")
    kept = stage.records.decisions(it.escalation_id)
    assert [(d.number, d.verdict, d.accepted) for d in kept] == [
        (1, "claim", True), (2, "take_over", True), (3, "resume", False),
    ]  # fmt: skip


async def test_the_ladder_reminds_asks_others_and_ends(stage: World) -> None:
    it = await asked(stage, HASTY)
    await it.decide("ann")
    [early] = await it.receipts(1)
    assert not early.accepted and early.reason == "ann is none of group:managers"
    ended = await it.in_call(EscalationStage.EXPIRED)
    assert ended.rung == HASTY.ladder[-1] and ended.deadline == (await it.record(EscalationStage.EXPIRED)).deadline
    news = [e.payload for e in await it.call.events(5) if isinstance(e.payload, EscalationNews)]
    assert [n.escalation.rung.kind for n in news if n.escalation.rung] == [r.kind for r in HASTY.ladder]
    await it.decide("ann")
    late = (await it.receipts(2))[1]
    assert not late.accepted and "too late" in late.reason
    await it.handle.result()
    actions = [line.action for line in stage.records.audit(it.call.session_id)]
    assert [a for a in actions if a.startswith("escalation.")] == [
        "escalation.requested", "escalation.remind", "escalation.pass_on", "escalation.expired",
    ]  # fmt: skip


async def test_whom_it_was_passed_on_to_may_decide(stage: World) -> None:
    it = await asked(stage, SOON_PASSED_ON)

    async def passed_on() -> bool:
        view = await it.handle.query(VIEW_QUERY, result_type=EscalationView)
        return "group:support-leads" in view.review.deciders

    await until(passed_on)
    await it.decide("ann", "take_over")
    await it.in_call(EscalationStage.TAKEN_OVER)


async def test_whatever_is_sent_is_refused_on_the_record_and_harms_nothing(stage: World) -> None:
    it = await asked(stage)
    for payloads in (
        (),
        (Payload(metadata=JSON, data=b"{broken \xff"),),
        (Payload(metadata={"encoding": b"binary/null"}),),
        (Payload(metadata=JSON, data=b"[" * 50_000),),
        (Payload(metadata=JSON, data=b'"ann"'), Payload(metadata=JSON, data=b'"resume"')),
    ):
        await it.handle.signal("decide", args=[RawValue(payload) for payload in payloads])
    await it.decide("eve")
    await it.decide("ann", "approve")
    receipts = await it.receipts(7)
    for receipt, part in zip(
        receipts,
        ("empty", "not JSON", "empty", "not JSON", "no object", "not a reviewer", "not one of resume, take_over"),
        strict=True,
    ):
        assert not receipt.accepted and part in receipt.reason
    with pytest.raises(WorkflowUpdateFailedError):
        await it.handle.execute_update("decide_update", args=["ann", "resume"])
    answer = await it.handle.execute_update(
        "decide_update", {"reviewer": "ann", "verdict": "resume"}, result_type=DecisionReceipt
    )
    assert answer.accepted and answer.number == 8 and answer.channel == "update"
    await it.in_call(EscalationStage.RESUMED)


async def test_the_command_line_sends_a_decision_and_learns_what_became_of_it(stage: World) -> None:
    it = await asked(stage)
    target = stage.client.service_client.config.target_host
    settings = load_settings(temporal_address=target, database_url=stage.database_url)
    to = Addressee(it.handle.id, it.escalation_id, it.call.session_id, it.request.subject_id, "look")

    async def decide(reviewer: str, verdict: str) -> tuple[bool, str]:
        ruling = await send(settings, to, {"reviewer": reviewer, "verdict": verdict, "channel": CHANNEL})
        return ruling.accepted, ruling.reason

    assert await decide("eve", "resume") == (False, "eve is not a reviewer; see 'greenroom reviewers ls'")
    assert await decide("ann", "take_over") == (True, "counted")
    await it.handle.result()
    accepted, reason = await decide("ben", "resume")
    assert not accepted and reason.startswith("too late: ")
    assert [d.accepted for d in stage.records.decisions(it.escalation_id)] == [False, True, False]


async def test_a_call_that_is_over_is_told_as_such(stage: World) -> None:
    it = await asked(stage)
    await it.in_call(EscalationStage.OPEN)
    await it.call.caller(CallerPresence.GONE)
    await it.call.ended()
    await it.decide(note="Call him back.")
    await it.record(EscalationStage.RESUMED)
    assert "the call is over" in await it.details()


async def test_what_a_reviewer_sees_in_the_web_ui(stage: World) -> None:
    it = await asked(stage)
    await it.record(EscalationStage.OPEN)

    async def listed() -> list[str]:
        query = "ReviewState='open' AND WorkflowType='Escalation'"
        return [w.id async for w in stage.client.list_workflows(query) if w.id == it.handle.id]

    assert await until(listed)
    details = await it.details()
    assert "A call waits for a person" in details and "--name decide" in details and "group:support-leads" in details
    assert '{"reviewer":"NAME","verdict":"resume","note":"what the agent should know"}' in details
    assert "wants a person" not in details and "please" not in details, "content stays out of what is not sealed"
    await it.decide()
    await it.in_call(EscalationStage.RESUMED)
