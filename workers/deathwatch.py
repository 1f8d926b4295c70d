"""The death watch: learns at once that an agent's process died, since the kernel closes a dead process's socket."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

from pydantic import BaseModel, ValidationError
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from contracts import names
from contracts.attendance import AgentLost
from live.deathwatch import GOODBYE
from workers.settings import Settings
from workers.temporal import connect

logger = logging.getLogger("greenroom.deathwatch")

CALL_SECONDS, RETRY_SECONDS = 2.0, 0.5

Tell = Callable[["Watched"], Awaitable[bool]]
"""Reports a death. Whether it arrived, or never can; False means: try again."""


class Watched(BaseModel):
    """A job's first line."""

    session_id: str
    role: str
    epoch: int


class Watcher:
    """Serves the Unix socket. A death is reported until it arrived or a newer agent took the role."""

    def __init__(self, path: Path, tell: Tell) -> None:
        self._path = path
        self._tell = tell
        self._newest: dict[tuple[str, str], int] = {}
        self._reports: set[asyncio.Task[None]] = set()
        self._lines: set[asyncio.Task[None]] = set()

    async def serve(self, stopped: asyncio.Event) -> None:
        """Runs until `stopped`. Raises OSError when another watcher listens, or the folder is not writable."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        await self._remove_stale()
        server = await asyncio.start_unix_server(self._accept, path=str(self._path))
        self._path.chmod(0o600)
        logger.info("death watch listens at %s", self._path)
        try:
            await stopped.wait()
        finally:
            server.close()
            # Jobs outlive the watcher and open their line again: closing it here must not look like their death.
            for task in (*self._reports, *self._lines):
                task.cancel()
            await asyncio.gather(*self._reports, *self._lines, return_exceptions=True)
            self._path.unlink(missing_ok=True)

    async def _remove_stale(self) -> None:
        if not self._path.exists():
            return
        try:
            _, writer = await asyncio.open_unix_connection(str(self._path))
        except (ConnectionRefusedError, FileNotFoundError):
            self._path.unlink(missing_ok=True)
            return
        writer.close()
        raise OSError(f"another death watch listens at {self._path}: stop it, or set GREENROOM_WATCH_SOCKET")

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.create_task(self._attend(reader, writer))
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._follow(reader)
        finally:
            writer.close()

    async def _follow(self, reader: asyncio.StreamReader) -> None:
        try:
            watched = Watched.model_validate_json(await reader.readline())
        except (ValidationError, ConnectionError, ValueError):
            return
        key = (watched.session_id, watched.role)
        self._newest[key] = max(self._newest.get(key, 0), watched.epoch)
        logger.info("watching", extra=watched.model_dump())
        try:
            last = await reader.read()
        except ConnectionError:
            last = b""
        if last.endswith(GOODBYE):
            logger.info("left in order", extra=watched.model_dump())
            if self._newest.get(key) == watched.epoch:
                del self._newest[key]
            return
        logger.warning("agent process died", extra=watched.model_dump())
        report = asyncio.create_task(self._report(watched))
        self._reports.add(report)
        report.add_done_callback(self._reports.discard)

    async def _report(self, watched: Watched) -> None:
        while self._newest.get((watched.session_id, watched.role), watched.epoch) <= watched.epoch:
            if await self._tell(watched):
                return
            await asyncio.sleep(RETRY_SECONDS)


def lost_signal(client: Client) -> Tell:
    """Tells the attendance workflow."""

    async def tell(watched: Watched) -> bool:
        handle = client.get_workflow_handle(names.attendance_workflow_id(watched.session_id, watched.role))
        lost = AgentLost(epoch=watched.epoch, witness="deathwatch")
        try:
            await asyncio.wait_for(handle.signal(names.Signal.LOST.value, lost), CALL_SECONDS)
        except RPCError as error:
            return error.status in (RPCStatusCode.NOT_FOUND, RPCStatusCode.INVALID_ARGUMENT)
        except (TimeoutError, RuntimeError):
            return False
        return True

    return tell


async def run_deathwatch(settings: Settings) -> None:
    """Until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    client = await connect(settings, identity="deathwatch", lazy=True)
    await Watcher(settings.watch_socket, lost_signal(client)).serve(stopped)
