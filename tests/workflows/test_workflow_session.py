"""One call: what it remembers, what it tells the room, and how it ends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.contrib.workflow_streams import WorkflowStreamClient
from temporalio.service import RPCError
from workflow_world import World, until, words

from activities.mailbox import MailboxActivities
from contracts.delivery import Delivery, DeliveryState
from contracts.events import DeliveryOffered, DeliveryWithdrawn, Event, SessionEnding
from contracts.names import (
    STAGE_TOPIC,
    Signal,
    attendance_workflow_id,
    new_id,
    session_workflow_id,
    summary_workflow_id,
)
from contracts.records import ArtifactRecord, SessionRecord
from contracts.session import CallerChanged, CallerPresence, RoleHealth, SessionEnd, Speaker, Turn
from contracts.summary import Summary
from contracts.task import TaskStage, TaskState
from contracts.tools import ToolRefused

TURNS = 100
T0 = datetime(2026, 1, 1, tzinfo=UTC)


class Call:
    def __init__(self, stage: World, session_id: str) -> None:
        self.stage = stage
        self.session_id = session_id
        self.handle: WorkflowHandle[Any, Any] = stage.client.get_workflow_handle(session_workflow_id(session_id))

    async def turn(self, number: int) -> None:
        turn = Turn(
            turn_id=f"turn-{number}",
            session_id=self.session_id,
            epoch=1,
            role="voice",
            speaker=Speaker.CALLER,
            text=words(f"words {number}"),
            started_at=T0 + timedelta(seconds=number),
            ended_at=T0 + timedelta(seconds=number + 0.5),
        )
        await self.handle.signal(Signal.TURN_ENDED.value, turn)

    async def caller(self, presence: CallerPresence, identity: str = "caller-1") -> None:
        news = CallerChanged(presence=presence, identity=identity, at=datetime.now(UTC))
        await self.handle.signal(Signal.CALLER_CHANGED.value, news)

    async def present(self) -> None:
        """Returns once the voice agent is known to be in the room."""

        async def there() -> bool:
            roles = (await self.stage.snapshot(self.session_id)).roles
            return any(r.health is RoleHealth.PRESENT for r in roles)

        await until(there)

    async def ended(self) -> SessionRecord:
        await asyncio.wait_for(self.handle.result(), 20)
        record = self.stage.records.session(self.session_id)
        assert record is not None and record.state == "ended"
        return record

    async def summary(self) -> ArtifactRecord:
        await self.stage.client.get_workflow_handle(summary_workflow_id(self.session_id)).result()
        [artifact] = [a for a in self.stage.records.artifacts(self.session_id) if a.kind == "summary"]
        return artifact

    async def events(self, count: int) -> list[Event]:
        """The first events of the stream, read as an agent reads them: from where it was, after any interruption."""
        found: list[Event] = []
        async with asyncio.timeout(30):
            while len(found) < count:
                stream = WorkflowStreamClient.create(self.stage.client, session_workflow_id(self.session_id))
                try:
                    async for item in stream.subscribe([STAGE_TOPIC], from_offset=len(found), result_type=Event):
                        found.append(item.data)
                        if len(found) == count:
                            break
                except RPCError as interrupted:
                    # A poll that was on its way while the workflow continued as new.
                    assert "unexpected workflow task failure" in str(interrupted)
        return found


async def call(stage: World, **more: Any) -> Call:
    found = Call(stage, await stage.start_session(**more))
    await found.present()
    return found


async def test_a_whole_call_is_written_down_and_summed_up(stage: World) -> None:
    it = await call(stage)
    [attend] = [a for a in stage.rooms.attends if a.session_id == it.session_id]
    told = (attend.composition, attend.subject_id, attend.caller_identity)
    assert told == ("desk", f"subject-of-{it.session_id}", "caller-1"), "an agent is told whose call it is"
    for number in (1, 2, 2, 1, 3):
        await it.turn(number)
    known = await stage.snapshot(it.session_id)
    assert [t.turn_id for t in known.turns] == ["turn-1", "turn-2", "turn-3"] and known.turn_count == 3
    assert not known.ended and known.caller_identity == "caller-1"
    await it.caller(CallerPresence.GONE)
    record = await it.ended()
    assert record.end_reason == "the caller hung up" and record.ended_at is not None
    assert [t.turn.turn_id for t in stage.records.turns(it.session_id)] == ["turn-1", "turn-2", "turn-3"]
    assert f"room-{it.session_id}" in stage.rooms.closed
    artifact = await it.summary()
    summary = Summary.model_validate_json(artifact.body.body)
    assert artifact.kind == "summary" and "[turn-2] caller: words 2" in summary.summary.body
    attendance = await stage.client.get_workflow_handle(attendance_workflow_id(it.session_id, "voice")).describe()
    assert attendance.status is WorkflowExecutionStatus.COMPLETED
    actions = [a.action for a in stage.records.audit(it.session_id)]
    assert actions[0] == "session.opened" and "role.present" in actions and "caller.gone" in actions
    assert actions[-1] == "summary.written" and "session.ended" in actions


async def test_news_reaches_the_room_through_the_stream(stage: World) -> None:
    it = await call(stage)
    task = TaskState(
        task_id="task-1",
        session_id=it.session_id,
        subject_id="subject-1",
        composition="desk",
        stage=TaskStage.RUNNING,
        revision=1,
    )
    await it.handle.signal(Signal.TASK_CHANGED.value, task)
    await it.handle.signal(Signal.TASK_CHANGED.value, task)
    subject = f"subject-of-{it.session_id}"
    owed = await deliver(stage, subject, it.session_id)
    events = await it.events(3)
    assert {"task.news", "delivery.offered"} <= {e.payload.type for e in events}
    assert [e.sequence for e in events] == [1, 2, 3]
    [offered] = [e.payload.offer for e in events if isinstance(e.payload, DeliveryOffered)]
    assert (offered.delivery_id, offered.speech.body, offered.carried) == (owed, "The outcome.", False)
    known = await stage.snapshot(it.session_id)
    assert known.offers == (offered,) and known.tasks == (task,) and known.stream_offset == 3
    await it.handle.signal(Signal.PUBLISH.value, DeliveryWithdrawn(delivery_id=owed))
    assert (await stage.snapshot(it.session_id)).offers == ()
    following = asyncio.create_task(it.events(5))
    await it.handle.signal(Signal.END.value, SessionEnd(reason="test over", at=datetime.now(UTC)))
    last = (await following)[-1].payload
    assert isinstance(last, SessionEnding) and last.reason == "test over"
    assert (await it.ended()).end_reason == "test over"


async def test_a_call_that_was_refused_in_the_room_is_one_line_however_often_it_is_told(stage: World) -> None:
    it = await call(stage)
    news = ToolRefused(
        refusal_id=new_id("refusal"), session_id=it.session_id, role="voice", epoch=1, tool="refund", reason="no", at=T0
    )
    for _ in range(2):
        await it.handle.signal(Signal.TOOL_REFUSED.value, news)
    await it.caller(CallerPresence.GONE)
    await it.ended()
    [line] = [a for a in stage.records.audit(it.session_id) if a.action == "tool.refused"]
    assert (line.actor, line.target, line.at, line.detail) == ("role:voice", "refund", T0, {"reason": "no", "epoch": 1})


async def test_a_caller_who_vanishes_may_come_back(stage: World) -> None:
    it = await call(stage)
    await it.caller(CallerPresence.LOST)
    await it.caller(CallerPresence.PRESENT)
    await asyncio.sleep(0.8)  # longer than the time to return: nothing may happen then
    assert not (await stage.snapshot(it.session_id)).ended
    await it.caller(CallerPresence.LOST, "somebody-else")
    await it.caller(CallerPresence.LOST)
    assert (await it.ended()).end_reason == "the caller vanished"


async def test_what_was_offered_is_owed_again_when_the_caller_vanishes_while_the_agent_is_away(stage: World) -> None:
    it = await call(stage)
    subject = f"subject-of-{it.session_id}"
    owed = await deliver(stage, subject, it.session_id)
    await until(lambda: in_state(stage, subject, owed, DeliveryState.OFFERED))
    stage.rooms.nobody_joins.add(it.session_id)
    (await stage.rooms.agent(it.session_id)).fall_silent()

    async def away() -> bool:
        return (await stage.snapshot(it.session_id)).roles[0].health is not RoleHealth.PRESENT

    await until(away)
    assert (await stage.inbox(subject))[owed].state is DeliveryState.OFFERED, "its successor will say it"
    await it.caller(CallerPresence.LOST)
    await until(lambda: in_state(stage, subject, owed, DeliveryState.OWED))
    await it.ended()


async def test_a_room_that_cannot_be_closed_does_not_cost_the_summary(stage: World) -> None:
    it = await call(stage)
    await it.turn(1)
    stage.rooms.unreachable.add(f"room-{it.session_id}")
    await it.caller(CallerPresence.GONE)
    await it.ended()
    assert "words 1" in (await it.summary()).body.body


async def test_last_words_that_come_while_the_call_is_closed_are_kept(stage: World) -> None:
    it = await call(stage)
    await it.caller(CallerPresence.GONE)
    sent = 0
    with pytest.raises(RPCError, match="already completed"):
        while True:
            await it.turn(sent + 1)
            sent += 1
            await asyncio.sleep(0.02)  # a flood would keep any workflow from completing
    assert sent
    assert len(stage.records.turns(it.session_id)) == sent


async def test_nothing_is_lost_across_continue_as_new(forgetful_stage: World) -> None:
    stage = forgetful_stage
    it = await call(stage)
    runs = {(await it.handle.describe()).run_id}
    following = asyncio.create_task(it.events(1 + TURNS // 5))
    for number in range(TURNS):
        await it.turn(number)
        if number % 5 == 0:
            await it.handle.signal(Signal.PUBLISH.value, DeliveryWithdrawn(delivery_id=f"d{number}"))
        if number % 4 == 3:  # a few at once, then time for the workflow to take them in
            await asyncio.sleep(0.1)
            runs.add((await it.handle.describe()).run_id)
    events = await following
    assert [e.sequence for e in events] == list(range(1, 2 + TURNS // 5)), "the stream goes on where it was"
    known = await stage.snapshot(it.session_id)
    assert known.turn_count == TURNS and known.turns[-1].turn_id == f"turn-{TURNS - 1}"
    assert [a.epoch for a in stage.rooms.attends if a.session_id == it.session_id] == [1], "nobody is replaced"
    assert len(runs) > 3, "the test crossed several boundaries"
    await it.caller(CallerPresence.GONE)
    await it.ended()
    assert len(stage.records.turns(it.session_id)) == TURNS


async def deliver(stage: World, subject_id: str, session_id: str) -> str:
    delivery = Delivery(
        delivery_id=new_id("delivery"),
        subject_id=subject_id,
        session_id=session_id,
        task_id="task-1",
        topic="task-1",
        speech=words("The outcome."),
        created_at=datetime.now(UTC),
    )
    await MailboxActivities(stage.client).deliver(delivery)
    return delivery.delivery_id


async def in_state(stage: World, subject_id: str, delivery_id: str, state: DeliveryState) -> bool:
    view = (await stage.inbox(subject_id)).get(delivery_id)
    return view is not None and view.state is state


@pytest.mark.parametrize(
    "name", [Signal.TURN_ENDED, Signal.CALLER_CHANGED, Signal.END, Signal.PUBLISH, Signal.TOOL_REFUSED]
)
async def test_a_signal_with_the_wrong_values_harms_nothing(stage: World, name: Signal) -> None:
    it = await call(stage)
    await it.handle.signal(name.value, "no object at all")
    await it.handle.signal(name.value)
    await it.handle.signal(name.value, args=["two", "values"])
    await it.turn(1)
    assert (await stage.snapshot(it.session_id)).turn_count == 1
    await it.caller(CallerPresence.GONE)
    await it.ended()


async def test_a_caller_who_never_comes_is_not_waited_for_for_ever(stage: World) -> None:
    it = await call(stage, composition="talkative")
    following = asyncio.create_task(it.events(2))
    agent = await stage.rooms.agent(it.session_id)
    assert (await it.ended()).end_reason == "the caller never came"
    assert isinstance((await following)[-1].payload, SessionEnding), "the roles are told"
    assert f"room-{it.session_id}" in stage.rooms.closed
    agent.fall_silent()


async def test_a_caller_who_came_or_spoke_may_stay(stage: World) -> None:
    came, spoke = await call(stage, composition="talkative"), await call(stage, composition="talkative")
    await came.caller(CallerPresence.PRESENT)
    await spoke.turn(1)
    await asyncio.sleep(2.0)  # longer than a caller is waited for: nothing may happen then
    for it in (came, spoke):
        assert not (await stage.snapshot(it.session_id)).ended
        await it.caller(CallerPresence.GONE)
        await it.ended()
