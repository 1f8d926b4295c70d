"""Who dies, how it is killed, and when it is back."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import psutil
from fault_databases import AWAY_SECONDS, Database
from system_switches import Switches, for_seconds

from workers.caller.events import now
from workers.stack.stack import Stack

DURABLE = ("durable", "durable-slow")


class Victim(StrEnum):
    AGENT = "live agent job"
    PARENT = "live worker parent"
    DURABLE = "durable worker"
    TEMPORAL = "Temporal server"
    LIVEKIT = "LiveKit server"
    POSTGRES = "database (PostgreSQL)"
    SQLITE = "database (SQLite, locked 10 s)"

    @property
    def takes_the_agent(self) -> bool:
        return self in (Victim.AGENT, Victim.PARENT)


@dataclass(frozen=True)
class Death:
    """`sent`: just before the signal; `dead`: it was dead by then. `back` ends when it serves again, with the time."""

    what: str
    sent: datetime
    dead: datetime
    back: asyncio.Task[datetime]


Strike = Callable[[], Awaitable[Death]]


async def aim(victim: Victim, stack: Stack, switches: Switches, database: Database) -> Strike:
    """Finds the victim now, so that the strike itself takes no time. For agents: the one agent that is in a room."""
    match victim:
        case Victim.AGENT:
            pid, worker = await switches.agent()
            return _strike(lambda: _kill_job(pid, worker), _nothing)
        case Victim.PARENT:
            _, worker = await switches.agent()
            return _strike(lambda: _kill(stack, worker), lambda: stack.wait_ready(worker))
        case Victim.DURABLE:
            return _strike(lambda: _kill(stack, *DURABLE), lambda: _all_ready(stack, *DURABLE))
        case Victim.TEMPORAL | Victim.LIVEKIT:
            name = "temporal" if victim is Victim.TEMPORAL else "livekit"
            return _strike(lambda: _kill(stack, name), lambda: stack.wait_ready(name))
        case Victim.POSTGRES | Victim.SQLITE:
            return _strike(database.take_away, lambda: _after_a_while(database))


def _strike(kill: Callable[[], Awaitable[str]], until_back: Callable[[], Awaitable[None]]) -> Strike:
    async def back() -> datetime:
        await until_back()
        return now()

    async def strike() -> Death:
        sent = now()
        what = await kill()
        return Death(what, sent, now(), asyncio.create_task(back(), name=f"back after: {what}"))

    return strike


async def _kill(stack: Stack, *names: str) -> str:
    pids = await asyncio.gather(*(stack.kill(name) for name in names))
    return "SIGKILL to " + ", ".join(f"{name} ({pid})" for name, pid in zip(names, pids, strict=True))


async def _kill_job(pid: int, worker: str) -> str:
    process = psutil.Process(pid)
    os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(psutil.wait_procs, [process], timeout=5)
    return f"SIGKILL to the job {pid} of {worker}"


async def _all_ready(stack: Stack, *names: str) -> None:
    await asyncio.gather(*(stack.wait_ready(name) for name in names))


async def _after_a_while(database: Database) -> None:
    await for_seconds(AWAY_SECONDS)
    await database.bring_back()


async def _nothing() -> None:
    """A job does not come back: another agent takes its place."""
