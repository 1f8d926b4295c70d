"""The bridge against a real Temporal server, also while that server is not there."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from live_samples import NOW, files, support, task, turn, until, words
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RawValue, SearchAttributeKey
from temporalio.contrib.workflow_streams import WorkflowStream
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

import migrations
from contracts.attendance import AttendResult
from contracts.delivery import DeliveryOutcome, DeliveryReport
from contracts.escalation import EscalationCause, EscalationRequest
from contracts.events import Event, SessionEnding
from contracts.names import SNAPSHOT_QUERY, STAGE_TOPIC, Signal, TaskQueue
from contracts.session import CallerChanged, CallerPresence, SessionSnapshot, SessionStart, Turn
from contracts.task import Control, ControlKind, TaskOrder, TaskRequest
from contracts.tools import ToolRefused
from live.bridge import Bridge, DelegateReceipt, Heartbeat
from live.outbox import Sent, resend
from live.sending import send
from live.spool import Spool
from policy import escalation, orders
from workers.settings import Settings, load_settings
from workers.stack.stack import Stack
from workers.temporal import connect

pytestmark = pytest.mark.stack


@workflow.defn(name="Session")
class SessionDouble:
    @workflow.init
    def __init__(self, start: SessionStart) -> None:
        self.start, self.ended = start, False
        self.heard: list[str] = []
        self.stream = WorkflowStream()
        self.topic = self.stream.topic(STAGE_TOPIC, type=Event)

    @workflow.run
    async def run(self, start: SessionStart) -> list[str]:
        await workflow.wait_condition(lambda: self.ended)
        self.stream.detach_pollers()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.heard

    @workflow.signal(name=Signal.TURN_ENDED.value)
    def turn_ended(self, turn: Turn) -> None:
        self.heard.append(turn.turn_id)

    @workflow.signal(name=Signal.TOOL_REFUSED.value)
    def tool_refused(self, news: ToolRefused) -> None:
        self.heard.append(news.refusal_id)

    @workflow.signal(name=Signal.CALLER_CHANGED.value)
    def caller_changed(self, news: CallerChanged) -> None:
        self.heard.append(news.presence.value)

    @workflow.signal
    def publish_twice(self, event: Event) -> None:
        self.topic.publish(event)
        self.topic.publish(event)

    @workflow.signal
    def end(self) -> None:
        self.ended = True

    @workflow.query
    def so_far(self) -> list[str]:
        return self.heard

    @workflow.query(name=SNAPSHOT_QUERY)
    def snapshot(self) -> SessionSnapshot:
        start = self.start
        return SessionSnapshot(
            session_id=start.session_id, room=start.room, subject_id=start.subject_id, composition=start.composition,
            caller_identity=start.caller_identity, ended=False, summary=None, turns=(), turn_count=0, roles=(),
            tasks=(), approvals=(), offers=(), stream_offset=0,
        )  # fmt: skip


@workflow.defn(name="Task")
class TaskDouble:
    @workflow.run
    async def run(self, request: TaskRequest) -> str:
        return request.goal.body


@workflow.defn(name="Steered")
class SteeredDouble:
    """Reads its orders as a task does: from the raw value."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.over = False

    @workflow.run
    async def run(self) -> list[str]:
        await workflow.wait_condition(lambda: self.over)
        return self.told

    @workflow.signal(name=ControlKind.CORRECT.value)
    def correct(self, raw: RawValue) -> None:
        read = orders.read(raw.payload.data, ControlKind.CORRECT, "p").order
        self.told.append(read.words.body if read.words else "")

    @workflow.signal(name=ControlKind.CANCEL.value)
    def cancel(self, raw: RawValue) -> None:
        self.told.append(f"cancelled by {orders.read(raw.payload.data, ControlKind.CANCEL, 'p').order.by}")
        self.over = True


@workflow.defn(name="Escalation")
class EscalationDouble:
    @workflow.run
    async def run(self, request: EscalationRequest) -> str:
        return request.reason.body


@workflow.defn(name="Inbox")
class InboxDouble:
    @workflow.run
    async def run(self) -> str:
        await workflow.wait_condition(lambda: self.report is not None)
        assert self.report is not None
        return self.report.outcome.value

    def __init__(self) -> None:
        self.report: DeliveryReport | None = None

    @workflow.signal(name=Signal.REPORT.value)
    def take(self, report: DeliveryReport) -> None:
        self.report = report


tokens: asyncio.Queue[bytes] = asyncio.Queue()


@activity.defn
async def attend() -> AttendResult:
    tokens.put_nowait(activity.info().task_token)
    activity.raise_complete_async()


@workflow.defn(name="Attendance")
class AttendanceDouble:
    @workflow.run
    async def run(self, heartbeat_timeout: float) -> AttendResult:
        return await workflow.execute_activity(
            attend, start_to_close_timeout=timedelta(minutes=5), heartbeat_timeout=timedelta(seconds=heartbeat_timeout)
        )


@dataclass
class World:
    stack: Stack
    settings: Settings
    client: Client
    spool: Path

    def bridge(self, session: str, epoch: int = 1) -> Bridge:
        async def lazily() -> Client:
            return await connect(self.settings, identity="bridge", lazy=True)

        bridge = Bridge(lazily, session_id=session, role="voice", epoch=epoch, spool_dir=self.spool, call_timeout=0.5)
        bridge.start()
        return bridge

    async def session(self, session: str) -> None:
        start = SessionStart(
            session_id=session, room="r", subject_id="p", composition="support", caller_identity="c", opened_at=NOW
        )
        await self.client.start_workflow(
            "Session", start, id=f"session/{session}", task_queue=TaskQueue.ORCHESTRATION.value
        )

    async def heard(self, session: str) -> list[str]:
        handle = self.client.get_workflow_handle(f"session/{session}")
        heard: list[str] = await handle.query("so_far")
        return heard


@pytest.fixture(scope="module")
async def world() -> AsyncIterator[World]:
    data = Path(tempfile.mkdtemp(prefix="gr-", dir="/tmp"))
    try:
        async with Stack.start(data=data, auto_ports=True, only=["temporal"]) as stack:
            settings = load_settings(
                temporal_address=stack.env["GREENROOM_TEMPORAL_ADDRESS"], database_url=f"sqlite:///{data}/records.db"
            )
            migrations.upgrade(settings.database_url)
            client = await connect(settings, identity="tests")
            async with Worker(
                client,
                task_queue=TaskQueue.ORCHESTRATION.value,
                workflows=[SessionDouble, TaskDouble, SteeredDouble, EscalationDouble, InboxDouble, AttendanceDouble],
                activities=[attend],
                workflow_runner=UnsandboxedWorkflowRunner(),
                sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
            ):
                yield World(stack, settings, client, data / "spool")
    finally:
        shutil.rmtree(data)


async def test_turns_arrive_in_order_and_a_task_starts_once(world: World) -> None:
    await world.session("s1")
    bridge = world.bridge("s1")
    bridge.caller_changed(CallerPresence.PRESENT, "c")
    bridge.refused(
        ToolRefused(refusal_id="no-1", session_id="s1", role="voice", epoch=1, tool="refund", reason="no", at=NOW)
    )
    for number in range(20):
        bridge.turn_ended(turn(number, "x", session="s1"))
    receipts = [await bridge.delegate(task(1, session="s1"), 5.0) for _ in range(2)]
    assert receipts == [DelegateReceipt.ACCEPTED] * 2
    assert await world.heard("s1") == ["present", "no-1", *(f"turn-{n}" for n in range(20))]
    assert await world.client.get_workflow_handle("task/task-1").result() == "refund order 417"
    assert await bridge.delegate(task(1, session="s1"), 5.0) is DelegateReceipt.ACCEPTED, "also when it is done"
    await bridge.aclose(1.0)
    assert files(world.spool) == []


async def test_a_person_is_asked_once_for_one_occasion(world: World) -> None:
    bridge = world.bridge("s6")
    asked = escalation.request(
        support(), EscalationCause.CALLER, NOW, session_id="s6", subject_id="p", occasion="turn-1",
        reason="wants a person", summary="caller: a person, please",
    )  # fmt: skip
    for _ in range(2):
        bridge.escalate(asked)
    await bridge.aclose(5.0)
    assert files(world.spool) == []
    handle = world.client.get_workflow_handle(f"escalation/{asked.escalation_id}")
    assert await handle.result() == "wants a person"


async def test_an_order_that_is_sent_twice_counts_once_and_one_that_comes_too_late_says_so(world: World) -> None:
    handle = await world.client.start_workflow("Steered", id="task/t8", task_queue=TaskQueue.ORCHESTRATION.value)
    correction = TaskOrder(
        order_id="t8/turn-1/correct", task_id="t8", kind=ControlKind.CORRECT,
        order=Control(by="caller", words=words("it is order 418")),
    )  # fmt: skip
    first, second = world.bridge("s8"), world.bridge("s8", epoch=2)
    assert await first.order(correction) is Sent.SENT
    assert await second.order(correction) is Sent.SENT, "an agent that answers the turn again, or a dead one's spool"
    cancel = TaskOrder(order_id="t8/turn-2/cancel", task_id="t8", kind=ControlKind.CANCEL, order=Control(by="caller"))
    assert await second.order(cancel) is Sent.SENT
    assert await handle.result() == ["it is order 418", "cancelled by caller"]
    late = cancel.model_copy(update={"order_id": "t8/turn-3/cancel"})
    assert await second.order(late) is Sent.REFUSED
    await first.aclose(1.0)
    await second.aclose(1.0)
    assert files(world.spool) == []


async def test_a_snapshot_is_answered_or_given_up_in_time(world: World) -> None:
    await world.session("s2")
    bridge = world.bridge("s2")
    snapshot = await bridge.snapshot(5.0)
    assert snapshot is not None and snapshot.session_id == "s2"
    assert await world.bridge("nobody").snapshot(0.5) is None


async def test_a_signal_to_a_call_that_is_over_is_dropped_and_the_next_message_goes_out(world: World) -> None:
    bridge = world.bridge("never-was")
    bridge.turn_ended(turn(1, "x", session="never-was"))
    assert await bridge.delegate(task(2), 5.0) is DelegateReceipt.ACCEPTED
    await bridge.aclose(1.0)


async def test_heartbeats_keep_an_attendance_until_it_is_completed(world: World) -> None:
    handle = await world.client.start_workflow(
        "Attendance", 1.0, id="attendance-1", task_queue=TaskQueue.ORCHESTRATION.value, result_type=AttendResult
    )
    bridge = world.bridge("s3")
    bridge._token = await asyncio.wait_for(tokens.get(), 10)
    for _ in range(8):
        assert await bridge.heartbeat() is Heartbeat.ALIVE
        await asyncio.sleep(0.25)  # longer in all than the timeout: without heartbeats it would be over
    bridge.complete(AttendResult(identity="agent", reason="caller_left"))
    await bridge.aclose(2.0)
    assert (await handle.result()).reason == "caller_left"
    assert await bridge.heartbeat() is Heartbeat.DETACHED


async def test_a_missed_heartbeat_detaches(world: World) -> None:
    handle = await world.client.start_workflow(
        "Attendance", 0.3, id="attendance-2", task_queue=TaskQueue.ORCHESTRATION.value
    )
    bridge = world.bridge("s4")
    bridge._token = await asyncio.wait_for(tokens.get(), 10)
    first = await asyncio.wait_for(tokens.get(), 10)  # it timed out and was tried again
    assert await bridge.heartbeat() is Heartbeat.DETACHED
    bridge._token = first
    assert await bridge.heartbeat() is Heartbeat.ALIVE
    await handle.terminate()


async def test_while_temporal_is_away_nobody_waits_and_afterwards_all_is_sent_once(world: World) -> None:
    await world.session("s5")
    inbox = await world.client.start_workflow(
        "Inbox", id="inbox/p5", task_queue=TaskQueue.ORCHESTRATION.value, result_type=str
    )
    bridge = world.bridge("s5")
    bridge.turn_ended(turn(0, "x", session="s5"))
    await world.stack.down("temporal")
    try:
        began = time.perf_counter()
        for number in range(1, 4):
            bridge.turn_ended(turn(number, "x", session="s5"))
        assert time.perf_counter() - began < 0.05
        began = time.perf_counter()
        assert await bridge.delegate(task(5, session="s5"), 0.8) is DelegateReceipt.SPOOLED
        assert time.perf_counter() - began < 1.5
        await until(lambda: bridge.away)
        report = DeliveryReport(delivery_id="d", attempt=1, session_id="s5", outcome=DeliveryOutcome.PLAYED, at=NOW)
        bridge.report("p5", report)
        assert await bridge.heartbeat() is Heartbeat.AWAY
        assert len(files(world.spool)) == 1
    finally:
        await world.stack.up("temporal")
    assert await asyncio.wait_for(inbox.result(), 30) == "played"
    assert await world.client.get_workflow_handle("task/task-5").result() == "refund order 417"
    assert sorted(set(await world.heard("s5"))) == [f"turn-{n}" for n in range(4)]
    described = await world.client.get_workflow_handle("task/task-5").describe()
    assert described.typed_search_attributes.get(SearchAttributeKey.for_keyword("SessionId")) == "s5"
    await bridge.aclose(2.0)
    assert files(world.spool) == []


async def test_what_a_leaving_agent_could_not_send_the_next_worker_sends(world: World) -> None:
    await world.session("s6")
    bridge = world.bridge("s6")
    await world.stack.down("temporal")
    try:
        assert await bridge.delegate(task(6, session="s6"), 0.3) is DelegateReceipt.SPOOLED
        bridge.turn_ended(turn(1, "x", session="s6"))
        await bridge.aclose(0.2)
    finally:
        await world.stack.up("temporal")
    (orphan,) = Spool.orphans(world.spool)
    assert [item.kind for item in orphan.unsent] == ["task", "turn"]
    async with asyncio.timeout(30):
        while not await resend(orphan, lambda item: send(world.client, item)):  # noqa: ASYNC110 (as a worker does)
            await asyncio.sleep(0.2)
    await orphan.aclose()
    assert await world.client.get_workflow_handle("task/task-6").result() == "refund order 417"
    assert await world.heard("s6") == ["turn-1"]
    assert files(world.spool) == []


async def test_events_come_once_each_across_an_outage_until_the_session_is_over(world: World) -> None:
    await world.session("s7")
    handle = world.client.get_workflow_handle("session/s7")
    got: list[str] = []

    async def follow() -> None:
        async for event in world.bridge("s7").events(0):
            got.append(event.event_id)

    def event(number: int) -> Event:
        return Event(
            event_id=f"e{number}", session_id="s7", role="session", sequence=number, at=NOW,
            payload=SessionEnding(reason="test"),
        )  # fmt: skip

    following = asyncio.create_task(follow())
    await handle.signal("publish_twice", event(1))
    await until(lambda: got == ["e1"], 20)
    await world.stack.down("temporal")
    await world.stack.up("temporal")
    await handle.signal("publish_twice", event(2))
    await until(lambda: len(got) > 1, 60)
    await handle.signal("end")
    await asyncio.wait_for(following, 60)
    assert got == ["e1", "e2"]
    assert await handle.result() == []


async def test_a_task_that_can_never_start_is_refused(world: World) -> None:
    # 1,000 characters are the limit of a workflow id: the server refuses for good, and says so at once.
    bridge = world.bridge("s8")
    assert await bridge.delegate(task(8).model_copy(update={"task_id": "x" * 2000}), 5.0) is DelegateReceipt.REFUSED
    await bridge.aclose(1.0)
