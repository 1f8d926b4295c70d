"""One role of a call is always attended by exactly one agent: who is kept, who is replaced, and how fast."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from room_compositions import CROWD_ROLES
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowHandle
from test_workflow_session import call
from workflow_world import World, until

from contracts.attendance import AgentLost, AttendanceStart
from contracts.escalation import EscalationCause
from contracts.names import (
    Signal,
    TaskQueue,
    WorkflowType,
    attendance_workflow_id,
    escalation_workflow_id,
    new_id,
)
from contracts.records import EscalationRecord
from contracts.session import CallerPresence, RoleHealth
from policy.escalation import new_id as new_escalation_id

HEARTBEAT_TIMEOUT = 1.5


class Attendance:
    """An attendance without a session: what it reports is read from its own description."""

    def __init__(self, stage: World, session_id: str, handle: WorkflowHandle[Any, Any]) -> None:
        self.stage = stage
        self.session_id = session_id
        self.handle = handle

    @property
    def epochs(self) -> list[int]:
        return [a.epoch for a in self.stage.rooms.attends if a.session_id == self.session_id]

    @property
    def pools(self) -> list[str]:
        return [a.pool for a in self.stage.rooms.attends if a.session_id == self.session_id]

    async def leaves(self) -> None:
        await self.handle.signal(Signal.LEAVE.value)
        await asyncio.wait_for(self.handle.result(), 10)

    async def says(self, text: str) -> None:
        async def described() -> bool:
            return text in await self.details()

        await until(described)

    async def details(self) -> str:
        found = await self.handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        return str(found.current_details)


async def attended(stage: World, *, max_attempts: int = 5, joins: bool = True) -> Attendance:
    session_id = new_id("session")
    if not joins:
        stage.rooms.nobody_joins.add(session_id)
    start = AttendanceStart(
        session_id=session_id,
        room=f"room-{session_id}",
        role="voice",
        caller_identity="caller-1",
        heartbeat_timeout=HEARTBEAT_TIMEOUT,
        probe_timeout=0.2,
        join_timeout=1.0,
        pools=("voice", "spare"),
        max_attempts=max_attempts,
    )
    handle = await stage.client.start_workflow(
        WorkflowType.ATTENDANCE.value,
        start,
        id=attendance_workflow_id(session_id, "voice"),
        task_queue=TaskQueue.ORCHESTRATION.value,
    )
    return Attendance(stage, session_id, handle)


async def test_an_agent_joins_and_leaves_by_itself(stage: World) -> None:
    it = await attended(stage)
    agent = await stage.rooms.agent(it.session_id)
    await it.says(RoleHealth.PRESENT.value)
    await agent.leave("caller_left")
    await asyncio.wait_for(it.handle.result(), 10)
    assert it.epochs == [1] and "left (caller_left)" in await it.details()


async def test_a_missed_heartbeat_of_a_living_agent_replaces_nobody(stage: World) -> None:
    it = await attended(stage)
    first = await stage.rooms.agent(it.session_id)
    stage.rooms.living.add(it.session_id)
    first.fall_silent()
    again = await stage.rooms.agent(it.session_id)
    assert again.request.epoch == 1 and again.request.attached_identity == first.identity
    await it.says(RoleHealth.PRESENT.value)
    await it.leaves()
    assert it.epochs == [1, 1]


async def test_an_agent_that_is_silent_in_the_room_too_is_replaced(stage: World) -> None:
    it = await attended(stage)
    first = await stage.rooms.agent(it.session_id)
    first.fall_silent()
    began = time.monotonic()
    second = await stage.rooms.agent(it.session_id)
    assert second.request.epoch == 2 and second.request.attached_identity is None
    assert time.monotonic() - began < HEARTBEAT_TIMEOUT + 1.5
    assert [p.epoch for p in stage.rooms.probes if p.room == f"room-{it.session_id}"] == [1]
    await it.leaves()


async def test_an_agent_that_was_seen_to_die_is_replaced_at_once(stage: World) -> None:
    it = await attended(stage)
    await stage.rooms.agent(it.session_id)
    took: list[float] = []
    for epoch in (1, 2, 3):
        began = time.monotonic()
        await it.handle.signal(Signal.LOST.value, AgentLost(epoch=epoch, witness="deathwatch"))
        assert (await stage.rooms.agent(it.session_id)).request.epoch == epoch + 1
        took.append(time.monotonic() - began)
    print(f"lost -> dispatched again: {', '.join(f'{seconds * 1000:.0f}' for seconds in took)} ms")
    assert min(took) < HEARTBEAT_TIMEOUT / 2, "no heartbeat was waited for"
    assert not [p for p in stage.rooms.probes if p.room == f"room-{it.session_id}"]
    await it.leaves()


async def test_news_of_an_agent_that_is_already_replaced_is_no_news(stage: World) -> None:
    it = await call(stage)
    attendance = stage.client.get_workflow_handle(attendance_workflow_id(it.session_id, "voice"))
    await stage.rooms.agent(it.session_id)
    lost = AgentLost(epoch=1, witness="deathwatch")
    await attendance.signal(Signal.LOST.value, lost)
    second = await stage.rooms.agent(it.session_id)
    await attendance.signal(Signal.LOST.value, lost)
    await attendance.signal(Signal.JOINED.value, args=[1, "agent-1-late"])
    await second.leave()
    assert (await it.ended()).end_reason == "the caller left"
    assert [a.epoch for a in stage.rooms.attends if a.session_id == it.session_id] == [1, 2]
    present = [a.detail["identity"] for a in stage.records.audit(it.session_id) if a.action == "role.present"]
    assert present == ["agent-1", "agent-2"]


async def test_when_nobody_joins_it_backs_off_says_so_and_goes_on_trying(stage: World) -> None:
    it = await attended(stage, max_attempts=2, joins=False)
    await it.says("failed (no agent could be brought into the room)")
    assert it.epochs == [1, 2, 3, 4] and it.pools == ["voice", "voice", "spare", "spare"]
    stage.rooms.nobody_joins.discard(it.session_id)
    agent = await stage.rooms.agent(it.session_id)
    assert agent.request.epoch == 5 and agent.request.pool == "voice", "the usual pool is asked first again"
    await it.says(RoleHealth.PRESENT.value)
    await it.leaves()


async def test_an_empty_pool_is_replaced_by_another_and_that_by_a_person(stage: World) -> None:
    stage.rooms.empty_pools.add(("understaffed", "voice"))
    it = await call(stage, composition="understaffed")
    agent = await stage.rooms.agent(it.session_id)
    assert (agent.request.epoch, agent.request.pool) == (3, "spare")
    await it.turn(1)
    stage.rooms.empty_pools.add(("understaffed", "spare"))
    attendance = stage.client.get_workflow_handle(attendance_workflow_id(it.session_id, "voice"))
    await attendance.signal(Signal.LOST.value, AgentLost(epoch=3, witness="deathwatch"))
    asked = new_escalation_id(it.session_id, "no agent for role voice")

    async def opened() -> EscalationRecord | None:
        return stage.records.escalation(asked)

    record = await until(opened)
    assert record.cause is EscalationCause.FAILURE and "words 1" in record.summary.body
    stage.rooms.empty_pools.clear()
    await it.caller(CallerPresence.GONE)
    await it.ended()
    await stage.client.get_workflow_handle(escalation_workflow_id(asked)).terminate("the test is over")


async def test_leave_ends_it_also_while_nobody_is_there(stage: World) -> None:
    it = await attended(stage, joins=False)
    await it.says(RoleHealth.JOINING.value)
    await it.leaves()
    assert "the call is over" in await it.details()


async def test_a_room_api_that_is_away_gives_no_agent_up(stage: World) -> None:
    it = await attended(stage)
    first = await stage.rooms.agent(it.session_id)
    stage.rooms.unreachable.add(f"room-{it.session_id}")
    first.fall_silent()
    await it.says(RoleHealth.SUSPECT.value)

    async def probed_twice() -> bool:
        return len([p for p in stage.rooms.probes if p.room == f"room-{it.session_id}"]) >= 2

    await until(probed_twice)
    assert it.epochs == [1]
    stage.rooms.living.add(it.session_id)
    stage.rooms.unreachable.discard(f"room-{it.session_id}")
    assert (await stage.rooms.agent(it.session_id)).request.attached_identity == first.identity
    await it.leaves()


async def test_continue_as_new_replaces_no_living_agent_and_forgets_no_goodbye(forgetful_stage: World) -> None:
    stage = forgetful_stage
    it = await attended(stage)
    stage.rooms.living.add(it.session_id)
    first_run = (await it.handle.describe()).run_id
    agent = await stage.rooms.agent(it.session_id)
    for _ in range(40):
        await it.handle.signal(Signal.LOST.value, AgentLost(epoch=0, witness="nobody"))
    agent.fall_silent()
    again = await stage.rooms.agent(it.session_id)
    assert (await it.handle.describe()).run_id != first_run, "the test crossed a boundary"
    assert again.request.epoch == 1 and again.request.attached_identity == agent.identity
    await it.leaves()
    assert set(it.epochs) == {1}


async def test_four_agents_attend_through_a_call_that_continues_as_new_and_none_is_replaced(
    forgetful_stage: World,
) -> None:
    stage = forgetful_stage
    it = await call(stage, composition="crowd")
    agents = [await stage.rooms.agent(it.session_id) for _ in CROWD_ROLES]
    first_run = (await it.handle.describe()).run_id
    for number in range(60):
        await it.turn(number)

    async def continued() -> bool:
        return (await it.handle.describe()).run_id != first_run

    await until(continued)
    roles = (await stage.snapshot(it.session_id)).roles
    assert {(r.role, r.epoch, r.health) for r in roles} == {(name, 1, RoleHealth.PRESENT) for name in CROWD_ROLES}
    await it.caller(CallerPresence.GONE)
    for agent in agents:
        await agent.leave("ended")
    await it.ended()
    assert len(stage.records.turns(it.session_id)) == 60
    present = [a for a in stage.records.audit(it.session_id) if a.action == "role.present"]
    assert len(present) == len(CROWD_ROLES), "each came once, and nobody was told to make way"
