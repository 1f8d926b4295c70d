"""The two databases that the records are kept on, each with its way to be away for a while."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, TypeVar

from postgres_server import PostgresServer

T = TypeVar("T")
AWAY_SECONDS = 10.0
"""How long a database stays away: longer than a statement waits for a lock, and than the first retries."""


class Database(Protocol):
    url: str

    async def take_away(self) -> str:
        """Returns what was done, once it is done."""
        ...

    async def bring_back(self) -> None: ...


class Postgres:
    """A real server of this run; taken away with SIGKILL to it and every process of it."""

    def __init__(self, server: PostgresServer) -> None:
        # The kernel ends the server with the thread that started it, so that thread lives as long as this.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="postgres")
        self._server = server
        self._thread.submit(server.start).result()
        self.url = server.url()

    async def take_away(self) -> str:
        pid = self._server.pid
        await _on(self._thread, self._server.kill)
        return f"SIGKILL to PostgreSQL ({pid}) and its processes"

    async def bring_back(self) -> None:
        await _on(self._thread, self._server.start)

    def close(self) -> None:
        self._thread.submit(self._server.close).result()
        self._thread.shutdown()


class Sqlite:
    """A file; taken away by an exclusive lock of another process's kind: no writer gets in."""

    def __init__(self, file: Path) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._file = file
        self._holder: sqlite3.Connection | None = None
        self.url = f"sqlite:///{file}"

    async def take_away(self) -> str:
        await _on(self._thread, self._lock)
        return "exclusive lock on the SQLite file"

    async def bring_back(self) -> None:
        await _on(self._thread, self._unlock)

    def close(self) -> None:
        self._thread.submit(self._unlock).result()
        self._thread.shutdown()

    def _lock(self) -> None:
        self._holder = sqlite3.connect(self._file, isolation_level=None, timeout=20)
        self._holder.execute("BEGIN EXCLUSIVE")

    def _unlock(self) -> None:
        if self._holder is not None:
            self._holder.execute("ROLLBACK")
            self._holder.close()
            self._holder = None


async def _on(thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(thread, work)
