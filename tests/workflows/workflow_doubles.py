"""What workflows reach outside, played by the test: models, tools and rooms. Each keeps what it was asked."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeVar

from temporalio import activity
from temporalio.client import AsyncActivityHandle, Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from contracts.attendance import AttendRequest, AttendResult, ProbeRequest, ProbeResult, RoomRequest
from contracts.base import Content
from contracts.delivery import Delivery
from contracts.handoff import ThinkRequest, Thought
from contracts.names import Signal, attendance_workflow_id
from contracts.summary import Summary, SummaryRequest
from contracts.task import Plan, PlanRequest
from contracts.tools import ToolCall, ToolOutcome, ToolSpec, ToolStatus
from policy.callgrant import SignedGrant
from policy.summary import transcript

T = TypeVar("T")
Planner = Callable[[PlanRequest], Awaitable[Plan]]
Thinker = Callable[[ThinkRequest], Awaitable[Thought]]


class Models:
    """Answers by script: plans by task, thoughts by task and step. What is not scripted fails for good."""

    def __init__(self) -> None:
        self.plans: dict[str, deque[Plan | Planner]] = defaultdict(deque)
        self.thoughts: dict[tuple[str, str], deque[Thought | Thinker]] = defaultdict(deque)
        self.planned: list[PlanRequest] = []
        self.thought: list[ThinkRequest] = []
        self.summarized: dict[str, list[SummaryRequest]] = defaultdict(list)
        self.no_summaries: set[str] = set()
        """Sessions whose summarizer fails."""

    @activity.defn(name="models.plan")
    async def plan(self, request: PlanRequest) -> Plan:
        self.planned.append(request)
        step = _next(self.plans[request.task.task_id])
        return step if isinstance(step, Plan) else await step(request)

    @activity.defn(name="models.think")
    async def think(self, request: ThinkRequest) -> Thought:
        self.thought.append(request)
        step = _next(self.thoughts[request.context.task_id, request.context.step_id])
        return step if isinstance(step, Thought) else await step(request)

    @activity.defn(name="models.summarize")
    async def summarize(self, request: SummaryRequest) -> Summary:
        """The words themselves: what earlier parts told, then the transcript."""
        self.summarized[request.session_id].append(request)
        if request.session_id in self.no_summaries:
            raise ApplicationError("the test's summarizer is away", type="ModelRefused", non_retryable=True)
        parts = [part.summary.body for part in request.parts]
        words = "\n".join([*parts, transcript(request.turns)]).strip()
        return Summary(session_id=request.session_id, summary=Content(subject_id=request.subject_id, body=words))

    def thoughts_of(self, task_id: str) -> list[ThinkRequest]:
        return [request for request in self.thought if request.context.task_id == task_id]


def _next(script: deque[T]) -> T:
    if not script:
        raise ApplicationError("the test's script has no further answer", type="NoScript", non_retryable=True)
    return script.popleft()


Act = Callable[[ToolCall], Awaitable[ToolOutcome]]


class Tools:
    """A tool registry by script. Each tool says OK unless a task's script says otherwise."""

    def __init__(self) -> None:
        self.scripts: dict[tuple[str, str], deque[ToolStatus | Act]] = defaultdict(deque)
        self.lookups: dict[str, ToolStatus] = {}
        self.objections: dict[str, str] = {}
        self.asked: list[ToolCall] = []
        self.called: list[ToolCall] = []
        self.granted: dict[str, SignedGrant | None] = {}
        """The grant with which each call came last."""
        self.resolved: list[ToolCall] = []

    async def specs(self, role: str) -> tuple[ToolSpec, ...]:
        return ()

    async def call(self, call: ToolCall, grant: SignedGrant | None = None) -> ToolOutcome:
        self.called.append(call)
        self.granted[call.call_id] = grant
        script = self.scripts[call.task_id or "", call.tool]
        step = script.popleft() if script else ToolStatus.OK
        return outcome(call, step) if isinstance(step, ToolStatus) else await step(call)

    async def objection(self, call: ToolCall) -> str | None:
        self.asked.append(call)
        return self.objections.get(call.task_id or "")

    async def resolve(self, call: ToolCall) -> ToolOutcome:
        self.resolved.append(call)
        return outcome(call, self.lookups.get(call.task_id or "", ToolStatus.UNKNOWN))

    def calls_of(self, task_id: str) -> list[ToolCall]:
        return [call for call in self.called if call.task_id == task_id]


class Webhook:
    """A composition's webhook by script: the statuses of its next answers, 200 when there is none left."""

    def __init__(self) -> None:
        self.answers: dict[str, deque[int]] = defaultdict(deque)
        self.posted: list[Delivery] = []

    @activity.defn(name="webhooks.post")
    async def post(self, delivery: Delivery) -> int:
        self.posted.append(delivery)
        script = self.answers[delivery.delivery_id]
        status = script.popleft() if script else 200
        if status >= 400:
            raise ApplicationError("no", status, type="WebhookRefused", non_retryable=status < 500)
        return status


def outcome(call: ToolCall, status: ToolStatus) -> ToolOutcome:
    result = Content(subject_id=call.subject_id, body=f'{{"{call.tool}":"{status.value}"}}')
    return ToolOutcome(call_id=call.call_id, tool=call.tool, status=status, result=result)


@dataclass
class Agent:
    """An agent in the room as Temporal sees it: it heartbeats, until it leaves, dies or falls silent."""

    request: AttendRequest
    identity: str
    _activity: AsyncActivityHandle
    _beating: asyncio.Task[None] | None = field(default=None)

    def beat(self) -> None:
        async def beats() -> None:
            with suppress(RPCError):  # its activity is over: nobody waits for this agent any more
                while True:
                    await self._activity.heartbeat()
                    await asyncio.sleep(0.1)

        self._beating = asyncio.create_task(beats())

    def fall_silent(self) -> None:
        if self._beating is not None:
            self._beating.cancel()

    async def leave(self, reason: str = "caller_left") -> None:
        self.fall_silent()
        await self._activity.complete(AttendResult(identity=self.identity, reason=reason))


class Rooms:
    """Rooms in which agents join at once, unless told otherwise. Agents are handed to the test as they come."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.agents: dict[str, asyncio.Queue[Agent]] = defaultdict(asyncio.Queue)
        self.everyone: list[Agent] = []
        self.nobody_joins: set[str] = set()
        self.empty_pools: set[tuple[str, str]] = set()
        """Composition and worker pool of which nobody comes."""
        self.living: set[str] = set()
        """Sessions whose agent answers a probe."""
        self.unreachable: set[str] = set()
        """Rooms that the room API cannot be asked about."""
        self.attends: list[AttendRequest] = []
        self.probes: list[ProbeRequest] = []
        self.closed: list[str] = []

    @activity.defn(name="rooms.attend")
    async def attend(self, request: AttendRequest) -> AttendResult:
        self.attends.append(request)
        if request.session_id in self.nobody_joins or (request.composition, request.pool) in self.empty_pools:
            raise ApplicationError("nobody joined", type="JoinFailed")
        identity = request.attached_identity or f"agent-{request.epoch}"
        handle = self._client.get_async_activity_handle(task_token=activity.info().task_token)
        agent = Agent(request, identity, handle)
        agent.beat()
        self.everyone.append(agent)
        attendance = self._client.get_workflow_handle(attendance_workflow_id(request.session_id, request.role))
        await attendance.signal(Signal.JOINED.value, args=[request.epoch, identity])
        self.agents[request.session_id].put_nowait(agent)
        activity.raise_complete_async()

    @activity.defn(name="rooms.probe")
    async def probe(self, request: ProbeRequest) -> ProbeResult:
        self.probes.append(request)
        if request.room in self.unreachable:
            raise ApplicationError("the room API is away", type="RoomsUnreachable", non_retryable=True)
        alive = request.room.removeprefix("room-") in self.living
        return ProbeResult(present=alive, answered=alive, identity=f"agent-{request.epoch}" if alive else None)

    @activity.defn(name="rooms.close")
    async def close(self, request: RoomRequest) -> None:
        if request.room in self.unreachable:
            raise ApplicationError("the room API is away", type="RoomsUnreachable", non_retryable=True)
        self.closed.append(request.room)

    async def agent(self, session_id: str) -> Agent:
        """The next agent that joins, or is attached again."""
        return await asyncio.wait_for(self.agents[session_id].get(), 20)

    def disband(self) -> None:
        for agent in self.everyone:
            agent.fall_silent()
