"""Kills and pauses, and what has to be waited for afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator

import httpx
from system_stack import VOICES
from system_waiting import until

from workers.demo.victims import agents_in_a_room
from workers.stack.stack import Stack


class Switches:
    """A test that breaks something ends with a stack that is whole: `mended` waits for that."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def agents(self) -> dict[int, str]:
        """Job processes that are in a room now: pid, and the voice worker that it belongs to."""
        livekit = self._stack.env["LIVEKIT_URL"]
        pids = self._stack.pids
        return {pid: name for name in VOICES if name in pids for pid in agents_in_a_room([pids[name]], livekit)}

    async def agent(self, *, but: int | None = None, within: float = 10.0) -> tuple[int, str]:
        """The job process of the only agent in any room (other than `but`), and its worker's name."""

        async def look() -> tuple[int, str] | None:
            others = [(pid, worker) for pid, worker in self.agents().items() if pid != but]
            return others[0] if len(others) == 1 else None

        return await until(look, within, "exactly one agent's process in a room")

    def pid(self, name: str) -> int:
        """Of the present incarnation of a process of the stack."""
        return self._stack.pid(name)

    async def kill(self, name: str) -> int:
        """SIGKILL to a process of the stack, which then starts again by itself. Returns the dead pid."""
        return await self._stack.kill(name)

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
        """Every process is ready, no job of an earlier call is left, and each voice worker takes calls at once."""
        for name in self._stack.names:
            if name != "migrate":
                await self._stack.wait_ready(name)
        async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
            for name in VOICES:
                await until(lambda name=name: self._idle(http, name), 45, f"{name} registered and idle")  # type: ignore[misc]

    async def _idle(self, http: httpx.AsyncClient, name: str) -> bool:
        address = self._stack.address(name)
        try:
            registered = (await http.get(f"{address}/")).status_code == httpx.codes.OK
            return registered and not (await http.get(f"{address}/worker")).json()["active_jobs"]
        except httpx.HTTPError:
            return False


async def for_seconds(seconds: float) -> None:
    """How long a disturbance lasts: the one thing that is measured by the clock and not by an event."""
    await asyncio.sleep(seconds)
