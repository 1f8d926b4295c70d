"""One run of every workflow type, and of the turns that their code can take."""

from __future__ import annotations

import asyncio

from held import Held
from temporalio.api.common.v1 import Payload
from test_workflow_approval import JSON, Gate, gated
from test_workflow_attendance import attended
from test_workflow_audit import told_twice
from test_workflow_checkpoint import looked_at
from test_workflow_checkpoint import rule as look
from test_workflow_delivery import deliver as owe
from test_workflow_delivery import posted
from test_workflow_escalation import HASTY, asked
from test_workflow_inbox import offered, report
from test_workflow_session import call, deliver
from test_workflow_task import answer, calls, plan, step
from test_workflow_task_checkpoint import reviewed
from workflow_world import World, until, words

from contracts.attendance import AgentLost
from contracts.delivery import DeliveryOutcome, WebhookState
from contracts.names import (
    Signal,
    approval_workflow_id,
    attendance_workflow_id,
    audit_workflow_id,
    inbox_workflow_id,
    new_id,
    session_workflow_id,
    step_workflow_id,
    summary_workflow_id,
    task_workflow_id,
    webhook_workflow_id,
)
from contracts.question import Answer
from contracts.session import CallerPresence
from contracts.tools import ToolStatus

Told = dict[str, tuple[str, str | None]]
"""Name of the history -> workflow id, run id."""


async def tell(stage: World) -> Told:
    """Runs every workflow type to its end (an inbox has none: as far as it came)."""
    told: Told = {}
    for part in (
        _call,
        _remembered,
        _posted,
        _approved,
        _declined,
        _changed,
        _escalated,
        _checked,
        _looked_at,
        _steps,
        _steered,
        _attendance,
        _audited,
    ):
        told |= await part(stage)
    return told


async def _audited(stage: World) -> Told:
    session_id = await told_twice(stage)
    await stage.client.get_workflow_handle(audit_workflow_id(session_id)).result()
    return {"audit": (audit_workflow_id(session_id), None)}


async def _call(stage: World) -> Told:
    subject = new_id("subject")
    it = await call(stage, subject_id=subject)
    for number in range(3):
        await it.turn(number)
    await deliver(stage, subject, it.session_id)
    first = await offered(it)
    await report(stage, subject, first, DeliveryOutcome.INTERRUPTED)
    await it.caller(CallerPresence.LOST)
    await it.caller(CallerPresence.PRESENT)
    await it.caller(CallerPresence.GONE)
    await it.ended()
    await it.summary()
    return {
        "session": (session_workflow_id(it.session_id), None),
        "attendance": (attendance_workflow_id(it.session_id, "voice"), None),
        "summary": (summary_workflow_id(it.session_id), None),
        "inbox": (inbox_workflow_id(subject), None),
    }


async def _remembered(stage: World) -> Told:
    it = await call(stage, composition="talkative")
    for number in range(9):
        await it.turn(number)

    async def summed_up() -> bool:
        return (await stage.snapshot(it.session_id)).summary is not None

    await until(summed_up)
    await it.caller(CallerPresence.GONE)
    await it.ended()
    return {"session-remembered": (session_workflow_id(it.session_id), None)}


async def _posted(stage: World) -> Told:
    subject = new_id("subject")
    it = await call(stage, subject_id=subject, composition="hooked")
    owed = await owe(stage, subject, it.session_id, composition="hooked")
    stage.webhook.answers[owed].append(503)
    spoken = (await offered(it)).model_copy(update={"attempt": 1})
    await report(stage, subject, spoken, DeliveryOutcome.FAILED)
    await it.caller(CallerPresence.GONE)
    await it.ended()
    await posted(stage, owed, subject, WebhookState.SENT)
    return {"webhook": (webhook_workflow_id(owed), None), "inbox-posted": (inbox_workflow_id(subject), None)}


async def _approved(stage: World) -> Told:
    gate = await gated(stage)
    await gate.raw(Payload(metadata=JSON, data=b"{broken"))
    await gate.decide("eve")
    await gate.decide("ann", note="fine")
    return await _gated_histories(gate, "approved")


async def _declined(stage: World) -> Told:
    gate = await gated(stage, "hasty")
    await gate.result()
    await gate.decide("ann")
    return await _gated_histories(gate, "expired")


async def _changed(stage: World) -> Told:
    """By two people, the second of whom changes it; and passed on, then taken over."""
    pair = await gated(stage, "pair", amount=240)
    await pair.decide("ann")
    await pair.decide("ann", "ask", question="Was it opened?")
    await pair.receipts(2)
    [known] = (await pair.view()).asked
    said = Answer(
        question_id=known.question_id, session_id="session-1", turn_id="turn-1", text=words("No."), at=known.asked_at
    )
    await pair.handle.signal(Signal.ANSWERED.value, said)
    await pair.decide("ben", arguments={"amount": 100})
    await pair.receipts(3)
    await pair.decide("ann")
    passed_on = await gated(stage, "climbing")

    async def others_may() -> bool:
        return len((await passed_on.view()).deciders) > 1

    await until(others_may)
    await passed_on.decide("ann", "take_over")
    told = await _gated_histories(pair, "changed") | await _gated_histories(passed_on, "taken-over")
    return {name: history for name, history in told.items() if not name.startswith("task")}


async def _gated_histories(gate: Gate, how: str) -> Told:
    await gate.result()
    await gate.handle.result()
    return {
        f"task-{how}": (task_workflow_id(gate.task_id), None),
        f"handoff-{how}": (step_workflow_id(gate.task_id, "s1"), None),
        f"approval-{how}": (approval_workflow_id(gate.approval_id), None),
    }


async def _escalated(stage: World) -> Told:
    taken = await asked(stage)
    await taken.decide("ann", "claim")
    await taken.decide("ben", "take_over", note="I know him.")
    nobody = await asked(stage, HASTY)
    for it in (taken, nobody):
        await it.handle.result()
    return {
        "escalation-taken-over": (taken.handle.id, None),
        "escalation-expired": (nobody.handle.id, None),
    }


async def _checked(stage: World) -> Told:
    redirected, expired = await looked_at(stage), await looked_at(stage, look(deadline=0.5))
    await redirected.decide("redirect", note="Ask for the receipt first.")
    for it in (redirected, expired):
        await it.handle.result()
    return {
        "checkpoint-redirected": (redirected.handle.id, None),
        "checkpoint-expired": (expired.handle.id, None),
    }


async def _looked_at(stage: World) -> Told:
    """A task whose plan is redirected, then let go on; and one that is cancelled while somebody looks."""
    again = plan(step("s1"), step("s2", "s1"))
    thoughts = {"s1": [answer("One.")], "s2": [answer("Two.")]}
    redirected = await reviewed(stage, "plan", [plan(), again], thoughts)
    await (await redirected.looked()).decide("redirect", note="Mail him too.")
    await (await redirected.looked(2)).decide()
    cancelled = await reviewed(stage, "plan", [plan()], {})
    await cancelled.looked()
    await cancelled.handle.signal("cancel")
    for it in (redirected, cancelled):
        await it.result()
    return {
        "task-redirected": (redirected.handle.id, None),
        "task-checkpoint-withdrawn": (cancelled.handle.id, None),
    }


async def _steps(stage: World) -> Told:
    task_id = new_id("task")
    stage.tools.scripts[task_id, "mail"].append(ToolStatus.UNKNOWN)
    stage.models.plans[task_id].extend([plan(step("s1", "s1")), plan(step("s1"), step("s2"), step("s3", "s1", "s2"))])
    stage.models.thoughts[task_id, "s1"].extend([calls(("lookup", {}), ("rm_rf", {})), answer("One.")])
    stage.models.thoughts[task_id, "s2"].append(calls(("mail", {"order": "7"})))
    await (await stage.start_task(task_id=task_id)).result()
    return {
        "task-steps": (task_workflow_id(task_id), None),
        "handoff-refused": (step_workflow_id(task_id, "s1"), None),
        "handoff-needs-person": (step_workflow_id(task_id, "s2"), None),
    }


async def _attendance(stage: World) -> Told:
    it = await attended(stage)
    agent = await stage.rooms.agent(it.session_id)
    stage.rooms.living.add(it.session_id)
    agent.fall_silent()
    await stage.rooms.agent(it.session_id)
    await it.handle.signal(Signal.LOST.value, AgentLost(epoch=1, witness="deathwatch"))
    agent = await stage.rooms.agent(it.session_id)
    stage.rooms.living.discard(it.session_id)
    agent.fall_silent()
    agent = await stage.rooms.agent(it.session_id)
    await agent.leave()
    await asyncio.wait_for(it.handle.result(), 10)
    return {"attendance-replaced": (attendance_workflow_id(it.session_id, "voice"), None)}


async def _steered(stage: World) -> Told:
    """Suspended, given more time, corrected while a step runs, and cancelled after an effect."""
    task_id, first, second = new_id("task"), Held(), Held()
    stage.models.plans[task_id].extend([plan(step("s1"), step("s2")), plan(step("s3", "s1"))])
    stage.models.thoughts[task_id, "s1"].extend([calls(("book", {"slot": 1})), answer("One.")])
    stage.models.thoughts[task_id, "s2"].append(first.thinking(answer("never said")))
    stage.models.thoughts[task_id, "s3"].append(second.thinking(answer("never said")))
    handle = await stage.start_task(task_id=task_id)
    await first.reached()

    async def one_done() -> bool:
        return bool((await handle.query("state", result_type=dict))["steps_done"] == 1)

    await until(one_done)
    await handle.execute_update("suspend", {"by": "ann"})
    await handle.signal("suspend")
    await handle.execute_update("extend_deadline", {"seconds": 60})
    await handle.execute_update("resume", {})
    await handle.execute_update("correct", {"words": "make it Tuesday"})
    await second.reached()
    await handle.cancel()
    await handle.result()
    first.go_on.set()
    second.go_on.set()
    return {
        "task-cancelled": (task_workflow_id(task_id), None),
        "handoff-stopped": (step_workflow_id(task_id, "s2"), None),
    }
