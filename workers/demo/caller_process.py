"""The synthetic caller as a process of its own, which is told nothing but the front door's address."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from workers.caller.commands import Command
from workers.settings import ROOT

_OURS = ("GREENROOM_", "LIVEKIT_", "TEMPORAL_", "OPENAI_", "DEEPGRAM_")


class Happened(BaseModel):
    """One event line of the caller, with the fields that the demo looks at."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    event: str
    at: datetime
    session_id: str = ""
    identity: str = ""
    text: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    latency_ms: float | None = None
    message: str = ""
    reason: str = ""
    received: float = Field(default_factory=time.monotonic)


class CallerDied(Exception):
    """The caller's process ended before its time; the message has its last words."""


class CallerProcess:
    """Started by `start`. `events` grows as things happen; `on_event` is told at once."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path, on_event: Callable[[Happened], None]) -> None:
        self.events: list[Happened] = []
        self._process = process
        self._log = log
        self._on_event = on_event
        self._news = asyncio.Condition()
        self._reader = asyncio.create_task(self._read(), name="caller events")
        self._end = asyncio.create_task(self._wake_at_end(), name="caller end")

    @classmethod
    async def start(
        cls, *, front_door: str, composition: str, subject: str, log: Path, on_event: Callable[[Happened], None]
    ) -> CallerProcess:
        env = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        arguments = ("--front-door", front_door, "--composition", composition, "--subject", subject)
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "workers.caller", *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=env,
                cwd=ROOT,
            )
        return cls(process, log, on_event)

    async def say(self, text: str) -> Happened:
        """Returns when it was said, to the last sound."""
        mark = len(self.events)
        self._send(Command(say=text))
        return await self.until(lambda e: e.event == "said", since=mark, within=90)

    async def until(self, wanted: Callable[[Happened], bool], *, since: int, within: float) -> Happened:
        """The first event from index `since` on that is wanted. Raises TimeoutError, or CallerDied."""
        async with asyncio.timeout(within):
            await self.changed(lambda: any(wanted(e) for e in self.events[since:]))
        return next(e for e in self.events[since:] if wanted(e))

    async def changed(self, holds: Callable[[], bool]) -> None:
        """Until `holds()`, asked after every event. Raises CallerDied."""
        async with self._news:
            await self._news.wait_for(lambda: holds() or self._reader.done())
        if not holds():
            trouble = [e.message for e in self.events if e.event == "trouble"]
            raise CallerDied(f"the caller's process ended: {'; '.join(trouble) or f'see {self._log}'}")

    async def hang_up(self) -> None:
        """Says nothing more, leaves, and ends."""
        if self._process.returncode is None:
            self._send(Command(hang_up=True))
            try:
                async with asyncio.timeout(15):
                    await self._process.wait()
            except TimeoutError:
                self.kill()
        await self._reader
        await self._end

    def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()

    def _send(self, command: Command) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(command.model_dump_json(exclude_defaults=True).encode() + b"\n")

    async def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            async for line in self._process.stdout:
                happened = Happened.model_validate(json.loads(line))
                self.events.append(happened)
                self._on_event(happened)
                await self._tell()
        finally:
            await self._process.wait()

    async def _wake_at_end(self) -> None:
        await asyncio.wait([self._reader])
        await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()
