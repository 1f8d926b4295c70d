"""The ordered way out of one call: sends beside the conversation, and keeps on disk what cannot be sent."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

from live.spool import Outgoing, Spool

logger = logging.getLogger("greenroom.live.outbox")

FIRST_BACKOFF, LONGEST_BACKOFF = 0.2, 2.0


class Away(Exception):
    """The durable side does not answer: try again later."""


class Refused(Exception):
    """The durable side answered no, for good."""


class Sent(StrEnum):
    SENT = "sent"
    REFUSED = "refused"


Send = Callable[[Outgoing], Awaitable[None]]


@dataclass
class _Entry:
    item: Outgoing
    done: asyncio.Future[Sent]
    on_disk: asyncio.Task[None] | None = field(default=None)


class Outbox:
    """`send` raises Away or Refused. What must survive a crash is written to the spool before it is sent."""

    def __init__(self, send: Send, spool: Spool, *, attempt_seconds: float = 2.0) -> None:
        self._send = send
        self._spool = spool
        self._attempt_seconds = attempt_seconds
        self._queue: deque[_Entry] = deque()
        self._waiting = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._runner: asyncio.Task[None] | None = None
        self.away = False

    def start(self) -> None:
        self._runner = self._runner or asyncio.create_task(self._run(), name="outbox")

    def put(self, item: Outgoing, *, write_ahead: bool = False) -> asyncio.Future[Sent]:
        """Never waits. The future tells what became of the item."""
        entry = _Entry(item, asyncio.get_running_loop().create_future())
        self._queue.append(entry)
        if write_ahead or self.away:
            self._keep(entry)
        self._empty.clear()
        self._waiting.set()
        return entry.done

    async def on_disk(self) -> None:
        """Returns once all that was handed to the spool is on disk. Raises OSError when the disk refused it."""
        for entry in list(self._queue):
            if entry.on_disk is not None:
                await asyncio.shield(entry.on_disk)

    async def flush(self, seconds: float) -> bool:
        """Whether everything was sent within that time. What was not is on disk afterwards."""
        try:
            await asyncio.wait_for(self._empty.wait(), seconds)
            return True
        except TimeoutError:
            for entry in self._queue:
                self._keep(entry)
            await self.on_disk()
            return False

    async def aclose(self) -> None:
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
        await self._spool.aclose()

    def _keep(self, entry: _Entry) -> None:
        if entry.on_disk is None:
            entry.on_disk = asyncio.create_task(self._spool.put([entry.item]))
            entry.on_disk.add_done_callback(_log_disk_failure)

    async def _run(self) -> None:
        backoff = FIRST_BACKOFF
        while True:
            if not self._queue:
                self._empty.set()
                self._waiting.clear()
                await self._waiting.wait()
            entry = self._queue[0]
            if entry.on_disk is not None:
                await asyncio.wait([entry.on_disk])
            outcome = await self._attempt(entry.item)
            if outcome is None:
                self.away = True
                for waiting in self._queue:
                    self._keep(waiting)
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, LONGEST_BACKOFF)
                continue
            self.away, backoff = False, FIRST_BACKOFF
            if entry.on_disk is not None:
                await self._spool.settle(entry.item.item_id)
            self._queue.popleft()
            if not entry.done.done():
                entry.done.set_result(outcome)

    async def _attempt(self, item: Outgoing) -> Sent | None:
        try:
            await asyncio.wait_for(self._send(item), self._attempt_seconds)
        except Refused as why:
            logger.warning("refused for good", extra={"item": item.item_id, "kind": item.kind, "why": str(why)})
            return Sent.REFUSED
        except (Away, TimeoutError):
            return None
        except Exception:  # nobody foresaw it: the message is kept, and what comes after it too
            logger.exception("not sent", extra={"item": item.item_id, "kind": item.kind})
            return None
        return Sent.SENT


def _log_disk_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("spool not writable; make room or set GREENROOM_SPOOL_DIR to a writable folder: %s", error)


async def resend(spool: Spool, send: Send, *, attempt_seconds: float = 5.0) -> bool:
    """Sends what a dead job left, in its order. Whether all of it is settled."""
    for item in spool.unsent:
        try:
            await asyncio.wait_for(send(item), attempt_seconds)
        except Refused as why:
            logger.warning("refused for good", extra={"item": item.item_id, "kind": item.kind, "why": str(why)})
        except (Away, TimeoutError):
            return False
        await spool.settle(item.item_id)
    return True
