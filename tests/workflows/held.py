"""Models and tools that are under way until the test lets them go on."""

from __future__ import annotations

import asyncio

from workflow_doubles import Act, Planner, Thinker, outcome

from contracts.handoff import ThinkRequest, Thought
from contracts.task import Plan, PlanRequest
from contracts.tools import ToolCall, ToolOutcome, ToolStatus

SOON = 60.0
"""A bound that only a failure reaches: a busy machine needs its time, and a test that passes does not wait for it."""
HELD = 28.0
"""A little less than an activity may take: one that is given up is tried again, and has no script then."""


class Held:
    """Something that is under way until the test lets it go on."""

    def __init__(self, seconds: float = HELD) -> None:
        self._seconds = seconds
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()

    async def pass_through(self) -> None:
        self.begun.set()
        await asyncio.wait_for(self.go_on.wait(), self._seconds)

    async def reached(self) -> None:
        await asyncio.wait_for(self.begun.wait(), SOON)

    def thinking(self, thought: Thought) -> Thinker:
        async def think(request: ThinkRequest) -> Thought:
            await self.pass_through()
            return thought

        return think

    def planning(self, plan: Plan) -> Planner:
        async def make(request: PlanRequest) -> Plan:
            await self.pass_through()
            return plan

        return make

    def acting(self, status: ToolStatus = ToolStatus.OK) -> Act:
        async def act(call: ToolCall) -> ToolOutcome:
            await self.pass_through()
            return outcome(call, status)

        return act
