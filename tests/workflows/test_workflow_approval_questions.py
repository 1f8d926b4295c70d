"""A reviewer asks the caller: the question is said in the call, and what the caller says next comes back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from temporalio.api.sdk.v1 import WorkflowMetadata
from test_workflow_approval import Gate, gated
from test_workflow_approval_commands import greenroom
from test_workflow_inbox import report
from test_workflow_session import Call, call, in_state
from workflow_world import World, until, words

from contracts.approval import ApprovalStage, AskedCaller
from contracts.delivery import DeliveryOutcome, DeliveryState
from contracts.names import Signal, new_id
from contracts.session import CallerPresence, Speaker, Turn
from contracts.task import TaskStage


async def say(it: Call, text: str) -> str:
    """A turn of the caller that ends now; its id."""
    turn = Turn(
        turn_id=new_id("turn"),
        session_id=it.session_id,
        epoch=1,
        role="voice",
        speaker=Speaker.CALLER,
        text=words(text),
        started_at=datetime.now(UTC),
        ended_at=datetime.now(UTC),
    )
    await it.handle.signal(Signal.TURN_ENDED.value, turn)
    return turn.turn_id


async def in_a_call(stage: World, **more: Any) -> tuple[Call, Gate, str]:
    subject = new_id("subject")
    it = await call(stage, subject_id=subject)
    return it, await gated(stage, session_id=it.session_id, subject_id=subject, **more), subject


async def asked(gate: Gate) -> AskedCaller | None:
    [known] = (await gate.view()).asked
    return known if known.answer is not None else None


async def question(it: Call) -> Any:
    """The offer that asks something, once it stands."""

    async def stands() -> Any:
        offers = (await it.stage.snapshot(it.session_id)).offers
        return next((offer for offer in offers if offer.asks), None)

    return await until(stands)


async def test_the_answer_comes_back_to_the_reviewer(stage: World) -> None:
    it, gate, subject = await in_a_call(stage)
    await gate.decide("ann", "ask", question="Was the parcel opened?")
    [receipt] = await gate.receipts(1)
    assert receipt.accepted and receipt.reason == "the caller is asked"
    offer = await question(it)
    assert offer.speech.body == "A colleague asks: Was the parcel opened?"
    await say(it, "Hello? Are you there?")
    assert await asked(gate) is None, "nothing said before the question is its answer"
    await report(stage, subject, offer, DeliveryOutcome.PLAYED)
    await until(lambda: in_state(stage, subject, offer.delivery_id, DeliveryState.PLAYED))
    turn_id = await say(it, "No, it is still closed.")
    known = await until(lambda: asked(gate))
    assert known.answer is not None and known.answer.body == "No, it is still closed."
    await say(it, "And hurry up.")

    async def kept() -> bool:
        record = await gate.record(ApprovalStage.PENDING)
        return record.asked is not None and "answer: No, it is still closed." in record.asked.body

    await until(kept)
    metadata = await gate.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    assert "asked 1 times, 0 without an answer" in metadata.current_details
    assert "closed" not in metadata.current_details, "content stays out of what is not sealed"
    _, shown = await greenroom(stage, "approvals", "show", gate.approval_id)
    assert "ann asked: Was the parcel opened?" in shown and "still closed" in shown
    assert turn_id in [t.turn_id for t in (await stage.snapshot(it.session_id)).turns]
    assert (await asked(gate)) == known, "the first answer stands"
    await gate.decide()
    assert (await gate.result()).stage is TaskStage.DONE
    await it.caller(CallerPresence.GONE)
    await it.ended()


async def test_a_question_that_nobody_heard_is_taken_back_with_the_decision(stage: World) -> None:
    it, gate, subject = await in_a_call(stage)
    code, printed = await greenroom(
        stage, "approvals", "ask", gate.approval_id, "--reviewer", "ann", "--question", "Was it opened?"
    )
    assert code == 0 and "the caller is asked" in printed
    offer = await question(it)
    await gate.decide("ben", "reject")
    assert (await gate.result()).stage is TaskStage.DECLINED
    await until(lambda: in_state(stage, subject, offer.delivery_id, DeliveryState.DROPPED))
    assert [o.asks for o in (await stage.snapshot(it.session_id)).offers] == [False]
    await it.caller(CallerPresence.GONE)
    await it.ended()


async def test_a_question_waits_for_the_next_call(stage: World) -> None:
    first, gate, subject = await in_a_call(stage)
    await gate.decide("ann", "ask", question="Was it opened?")
    await question(first)
    await first.caller(CallerPresence.GONE)
    await first.ended()
    second = await call(stage, subject_id=subject)
    offer = await question(second)
    assert offer.carried
    await report(stage, subject, offer, DeliveryOutcome.PLAYED)
    await until(lambda: in_state(stage, subject, offer.delivery_id, DeliveryState.PLAYED))
    await say(second, "Yes, it was.")
    known = await until(lambda: asked(gate))
    assert known.answer is not None and known.answer.body == "Yes, it was."
    await gate.decide("ben", "reject")
    await gate.result()
    await second.caller(CallerPresence.GONE)
    await second.ended()
