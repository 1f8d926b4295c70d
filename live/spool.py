"""What could not be sent yet, on disk: append-only JSON lines, one file a job, locked as long as its owner lives.

Bodies are what people said: a cover seals them on their way to the disk.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, Protocol

from contracts.base import Contract

SUFFIX = ".spool"


class Outgoing(Contract):
    """One message to the durable side. `body` is JSON of the contract that `kind` stands for.

    `number` orders the messages of one call; `item_id` never repeats, so that a second sending can be told.
    """

    item_id: str
    number: int
    kind: Literal["turn", "caller", "task", "report", "order", "refused", "escalation", "complete", "audit"]
    target: str
    body: str


class Cover(Protocol):
    """Seals text for this disk. `open` gives plain text back as it is."""

    def seal(self, text: str) -> str: ...
    def open(self, text: str) -> str: ...


class Uncovered:
    """Leaves everything readable."""

    def seal(self, text: str) -> str:
        return text

    def open(self, text: str) -> str:
        return text


UNCOVERED: Cover = Uncovered()


class Spool:
    """The file of one job. Every write is fsynced in the spool's own thread, so a call never waits on the disk."""

    def __init__(self, path: Path, cover: Cover = UNCOVERED) -> None:
        self.path = path
        self._cover = cover
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spool")
        self._descriptor: int | None = None
        self._unsent: dict[str, Outgoing] = {}

    @classmethod
    def orphans(cls, directory: Path, cover: Cover = UNCOVERED) -> list[Spool]:
        """The files whose owner died, now owned by the caller. Files of living jobs are left alone."""
        found = []
        for path in sorted(directory.glob(f"*{SUFFIX}")):
            descriptor = _open_locked(path)
            if descriptor is not None:
                spool = cls(path, cover)
                spool._descriptor = descriptor
                spool._unsent = {item.item_id: item for item in _unsent(path, cover)}
                found.append(spool)
        return found

    @property
    def unsent(self) -> list[Outgoing]:
        """What is on disk and not sent, in the order of the call."""
        return sorted(self._unsent.values(), key=lambda item: item.number)

    async def put(self, items: Sequence[Outgoing]) -> None:
        """Returns once the items are on disk. Raises OSError when the disk refuses them."""
        await self._in_thread(lambda: self._put(items))

    async def settle(self, item_id: str) -> None:
        """The item was sent, or was refused for good."""
        if item_id in self._unsent:
            await self._in_thread(lambda: self._settle(item_id))

    async def aclose(self) -> None:
        """Leaves the file to the next worker when something is unsent; removes it otherwise."""
        await self._in_thread(self._close)
        self._thread.shutdown(wait=False)

    async def _in_thread(self, work: Callable[[], None]) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _put(self, items: Sequence[Outgoing]) -> None:
        if self._descriptor is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A line begins anew whatever stands before it: a crash may have cut the last one.
        lines = "".join("\n" + json.dumps({"put": self._covered(item)}) + "\n" for item in items).encode()
        if os.write(self._descriptor, lines) < len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        os.fsync(self._descriptor)
        self._unsent.update({item.item_id: item for item in items})

    def _covered(self, item: Outgoing) -> dict[str, object]:
        return item.model_copy(update={"body": self._cover.seal(item.body)}).model_dump(mode="json")

    def _settle(self, item_id: str) -> None:
        # Not synced: a line lost in a crash means a second sending, which ids make harmless.
        if self._descriptor is None or self._unsent.pop(item_id, None) is None:
            return
        if self._unsent:
            os.write(self._descriptor, (json.dumps({"sent": item_id}) + "\n").encode())
        else:
            os.ftruncate(self._descriptor, 0)

    def _close(self) -> None:
        if self._descriptor is None:
            return
        if not self._unsent:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = None


def _open_locked(path: Path) -> int | None:
    """A descriptor that holds the file's lock; None when its owner lives, or the file is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.stat().st_ino == os.fstat(descriptor).st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass  # someone alive owns it, or settled it in this very moment
    os.close(descriptor)
    return None


def _unsent(path: Path, cover: Cover) -> list[Outgoing]:
    waiting: dict[str, Outgoing] = {}
    for line in path.read_text().splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue  # empty, or cut by a crash: then it was never acknowledged to anyone
        if "put" in entry:
            item = Outgoing.model_validate(entry["put"])
            waiting[item.item_id] = item.model_copy(update={"body": cover.open(item.body)})
        else:
            waiting.pop(entry["sent"], None)
    return list(waiting.values())
