"""The states in which something is killed: how a call is brought into each, and what proves that it was in it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fault_victims import Death
from system_backstage import Backstage, Reviewer
from system_call import Call, refund_wish
from system_ring import Ring
from system_services import BreakableShop
from system_stack import SUPPORT, UNGATED
from system_switches import for_seconds
from system_waiting import until

from contracts.approval import ApprovalStage
from contracts.records import ApprovalRecord
from workers.caller.events import Said, now
from workers.demo.shop import Order

QUESTION = "How long is the warranty?"
ANSWER = ("two years", "2 years")
INTO_SPEECH = 0.5
"""Seconds of speech that are over when the blow falls."""
QUIET = timedelta(seconds=1)
JUST_NOW = timedelta(seconds=0.3)
REFUND, EMAIL = "refund_order", "send_courtesy_email"
"""A tool with an idempotency key, and one without."""


class State(StrEnum):
    IDLE = "idle"
    CALLER = "caller speaking"
    AGENT = "agent speaking"
    BEFORE = "tool running, before commit"
    AFTER = "tool running, after commit"
    APPROVAL = "approval pending"

    @property
    def tool_runs(self) -> bool:
        return self in (State.BEFORE, State.AFTER)

    @property
    def composition(self) -> str:
        """Only the approval needs a person; the other states get to their effect without one."""
        return SUPPORT if self is State.APPROVAL else UNGATED


@dataclass
class Scene:
    """`call` is the present call of the caller, who may have to call again."""

    ring: Ring
    shop: BreakableShop
    backstage: Backstage
    reviewer: Reviewer
    order: Order
    subject: str
    call: Call


class Situation:
    """A call that is idle; the other states differ from it. In this order: `enter`, `note`, the blow, `prove`,
    `go_on`. `spoken` is what the caller said while the blow fell."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.spoken: asyncio.Task[Said] | None = None
        self._audible: datetime | None = None
        self._speaking = False

    async def enter(self) -> None:
        scene = self.scene
        await quiet(scene.call)
        assert not scene.backstage.records.tasks(session_id=scene.call.session_id)

    def note(self) -> None:
        """In the moment before the blow."""
        self._audible, self._speaking = self.scene.call.caller.agent_audible_at, self.scene.call.caller.speaking

    async def prove(self, death: Death) -> list[str]:
        """The timestamps that tell that the blow fell inside the state. Raises AssertionError when they do not."""
        assert self._audible is not None and self._audible + QUIET < death.sent and not self._speaking, (
            f"not idle: the agent was audible until {clock(self._audible)}, caller speaking: {self._speaking}"
        )
        return [f"agent silent since {clock(self._audible)}, caller silent, no task of this call", blow(death)]

    async def go_on(self) -> None:
        """Until the caller's task is on its way."""
        await self.scene.call.want_refund(self.scene.order)

    async def close(self) -> None:
        """Whatever is still held goes on."""


class CallerSpeaks(Situation):
    async def enter(self) -> None:
        caller = self.scene.call.caller
        self._mark = self.scene.call.mark
        await quiet(self.scene.call)
        self.spoken = asyncio.create_task(caller.say(refund_wish(self.scene.order)), name="wish")
        await until(lambda: _true(caller.speaking), 10, "the caller speaks")
        await for_seconds(INTO_SPEECH)

    async def prove(self, death: Death) -> list[str]:
        assert self.spoken is not None
        said = await self.spoken
        assert said.started_at < death.sent and death.dead < said.ended_at, f"not while the caller spoke: {said}"
        return [f"the caller spoke from {clock(said.started_at)} to {clock(said.ended_at)}", blow(death)]

    async def go_on(self) -> None:
        """Who was not understood says it again."""
        call = self.scene.call
        try:
            await call.hear(call.reads_back, "the read-back", since=self._mark, within=6)
        except AssertionError:
            await call.want_refund(self.scene.order)
        else:
            await call.confirm()


class AgentSpeaks(Situation):
    async def enter(self) -> None:
        call = self.scene.call
        mark = call.mark
        await call.say(QUESTION)
        self._onset = await call.agent_speaks(since=mark, within=20)
        await for_seconds(INTO_SPEECH)

    async def prove(self, death: Death) -> list[str]:
        assert self._audible is not None and self._onset.at < death.sent <= self._audible + JUST_NOW, (
            f"the agent was not audible at the blow: last sound {clock(self._audible)}, blow {clock(death.sent)}"
        )
        return [f"agent audible from {clock(self._onset.at)}, last sound {clock(self._audible)}", blow(death)]


class ToolRuns(Situation):
    """Two tools at once, each held by the shop on the same side of its commit: one with a key and one without."""

    def __init__(self, scene: Scene, *, committed: bool) -> None:
        super().__init__(scene)
        self._committed = committed
        self._since: dict[str, int] = {}

    async def enter(self) -> None:
        scene = self.scene
        for tool in (REFUND, EMAIL):
            self._since[tool] = len(await scene.shop.requests(tool))
            await scene.shop.break_next(tool, f"hold_{'after' if self._committed else 'before'}_commit")
        await scene.call.want(f"{refund_wish(scene.order).removesuffix('.')} and also send a courtesy e-mail.")
        for tool in (REFUND, EMAIL):
            await until(lambda tool=tool: self._is_held(tool), 30, f"{tool} open at the shop")  # type: ignore[misc]

    async def prove(self, death: Death) -> list[str]:
        lines = []
        for tool in (REFUND, EMAIL):
            request = (await self.scene.shop.requests(tool, since=self._since[tool]))[0]
            received, committed = str(request["received_at"]), request["committed_at"]
            assert datetime.fromisoformat(received) < death.sent, f"{tool} came later: {request}"
            assert request["answered_at"] is None, f"{tool} was answered before the blow: {request}"
            assert (committed is not None) == self._committed, f"{tool}, other side of the commit: {request}"
            if committed is not None:
                assert datetime.fromisoformat(str(committed)) < death.sent, f"{tool} was committed later: {request}"
            when = f"committed {_clock(committed)}" if committed else "not committed"
            lines.append(f"{tool}: request open at the shop since {_clock(received)}, {when}, not answered")
        return [*lines, blow(death)]

    async def go_on(self) -> None:
        """The shop goes on with both; the one without a key waits until its outcome was told, if it may be unknown."""
        await self.scene.shop.let_go(REFUND)
        if self._committed:
            await self.scene.shop.let_go(EMAIL)

    async def close(self) -> None:
        for tool in (REFUND, EMAIL):
            await self.scene.shop.let_go(tool)

    async def _is_held(self, tool: str) -> bool:
        requests = await self.scene.shop.requests(tool, since=self._since[tool])
        return any(r["answered_at"] is None and (r["committed_at"] is not None) == self._committed for r in requests)


class ApprovalPends(Situation):
    _approval: ApprovalRecord

    async def enter(self) -> None:
        scene = self.scene
        mark = scene.call.mark
        await scene.call.want_refund(scene.order)
        self._approval = await scene.backstage.approval(scene.call.session_id)
        await scene.call.hear_phrase(scene.call.phrases.waiting_approval, since=mark, within=40)
        await quiet(scene.call)

    async def prove(self, death: Death) -> list[str]:
        await death.back  # the records may have been away
        found = self.scene.backstage.records.approval(self._approval.approval_id)
        assert found is not None and found.stage is ApprovalStage.PENDING and found.opened_at < death.sent, found
        return [f"approval pending since {clock(found.opened_at)}, and still at {clock(now())}", blow(death)]

    async def go_on(self) -> None:
        ruling = await self.scene.reviewer.decide(self._approval, "approve")
        assert ruling.accepted, ruling


def situation(state: State, scene: Scene) -> Situation:
    match state:
        case State.IDLE:
            return Situation(scene)
        case State.CALLER:
            return CallerSpeaks(scene)
        case State.AGENT:
            return AgentSpeaks(scene)
        case State.BEFORE | State.AFTER:
            return ToolRuns(scene, committed=state is State.AFTER)
        case State.APPROVAL:
            return ApprovalPends(scene)


async def quiet(call: Call) -> None:
    """Until the agent has not been audible for a while."""

    async def look() -> bool:
        audible = call.caller.agent_audible_at
        return audible is not None and now() > audible + QUIET + JUST_NOW

    await until(look, 30, "the agent is silent")


async def _true(value: bool) -> bool:
    return value


def blow(death: Death) -> str:
    return f"{death.what}: sent {clock(death.sent)}, dead by {clock(death.dead)}"


def clock(at: datetime | None) -> str:
    return "never" if at is None else f"{at:%H:%M:%S.%f}"[:-3]


def _clock(at: object) -> str:
    return clock(datetime.fromisoformat(str(at)))
