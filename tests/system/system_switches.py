"""Kills and pauses, and what has to be waited for afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator

from system_stack import VOICES

from workers.demo.victims import agents_in_a_room
from workers.stack.stack import Stack

LOOK_SECONDS = 0.05


class Switches:
    """A test that uses them leaves every process of the stack ready: `mended` waits for that."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def agents(self) -> dict[int, str]:
        """Job processes that are in a room now: pid, and the voice worker that it belongs to."""
        livekit = self._stack.env["LIVEKIT_URL"]
        pids = self._stack.pids
        return {pid: name for name in VOICES if name in pids for pid in agents_in_a_room([pids[name]], livekit)}

    async def agent(self, *, within: float = 10.0) -> int:
        """The job process of the only agent in any room. Raises TimeoutError when there is not exactly one."""
        async with asyncio.timeout(within):
            while len(agents := self.agents()) != 1:
                await asyncio.sleep(LOOK_SECONDS)
        return next(iter(agents))

    async def kill(self, name: str) -> None:
        """SIGKILL to a process of the stack, which then starts again by itself."""
        await self._stack.kill(name)

    @contextlib.asynccontextmanager
    async def paused(self, pid: int) -> AsyncIterator[None]:
        """Stopped inside, going on after."""
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    @contextlib.asynccontextmanager
    async def down(self, name: str) -> AsyncIterator[None]:
        """Killed and away inside, ready again after."""
        await self._stack.down(name)
        try:
            yield
        finally:
            await self._stack.up(name)

    async def mended(self) -> None:
        """Every process is ready, and no agent of an earlier call is left in a room."""
        for name in self._stack.names:
            if name != "migrate":
                await self._stack.wait_ready(name)
        async with asyncio.timeout(45):
            while self.agents():
                await asyncio.sleep(LOOK_SECONDS)
