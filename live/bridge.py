"""One call's way to the durable side. Nothing here is ever awaited on the way from speech to speech.

Every call is bounded; what cannot be sent goes to the spool and is sent later, in order, once.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import count
from pathlib import Path

from temporalio.client import (
    AsyncActivityCancelledError,
    Client,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.contrib.workflow_streams import WorkflowStreamClient
from temporalio.service import RPCError

from contracts import names
from contracts.attendance import AttendResult
from contracts.audit import AuditRecord
from contracts.base import Contract
from contracts.delivery import DeliveryReport
from contracts.escalation import EscalationRequest
from contracts.events import Event
from contracts.session import CallerChanged, CallerPresence, SessionSnapshot, Turn
from contracts.task import TaskOrder, TaskRequest
from contracts.tools import ToolRefused
from live.outbox import Outbox, Sent
from live.sending import FINAL, send
from live.spool import SUFFIX, UNCOVERED, Cover, Outgoing, Spool

logger = logging.getLogger("greenroom.live.bridge")

Connect = Callable[[], Awaitable[Client]]
"""Gives a lazy client: connecting must not need a server."""

POLL_COOLDOWN = timedelta(milliseconds=20)
EVENTS_REMEMBERED = 512


class DelegateReceipt(StrEnum):
    ACCEPTED = "accepted"
    SPOOLED = "spooled"
    REFUSED = "refused"


class Heartbeat(StrEnum):
    ALIVE = "alive"
    DETACHED = "detached"
    """The activity is gone or cancelled: a new token is needed."""
    AWAY = "away"


class Bridge:
    """One call's way to the durable side."""

    def __init__(
        self,
        connect: Connect,
        *,
        session_id: str,
        role: str,
        epoch: int,
        spool_dir: Path,
        cover: Cover = UNCOVERED,
        call_timeout: float = 2.0,
    ) -> None:
        self._connect = connect
        self._client: Client | None = None
        self._session_id = session_id
        self._role = role
        self._epoch = epoch
        self._timeout = call_timeout
        self._token = b""
        self._numbers = count(1)
        self._outbox = Outbox(self._send, Spool(spool_path(spool_dir, session_id, role, epoch), cover))

    def start(self) -> None:
        self._outbox.start()

    @property
    def away(self) -> bool:
        """Whether the last message could not be sent."""
        return self._outbox.away

    async def snapshot(self, timeout: float) -> SessionSnapshot | None:  # noqa: ASYNC109 (a bound, as everywhere here)
        """What an agent needs to go on with the call; None when the durable side does not answer in time."""
        try:
            return await asyncio.wait_for(self._snapshot(), timeout)
        except (RPCError, RuntimeError, WorkflowQueryFailedError, TimeoutError) as error:
            logger.warning("no snapshot", extra={"session": self._session_id, "error": type(error).__name__})
            return None

    async def _snapshot(self) -> SessionSnapshot:
        client = await self._ready()
        handle = client.get_workflow_handle(names.session_workflow_id(self._session_id))
        answer: SessionSnapshot = await handle.query(names.SNAPSHOT_QUERY, result_type=SessionSnapshot)
        return answer

    def turn_ended(self, turn: Turn) -> None:
        self._put("turn", names.session_workflow_id(turn.session_id), turn.turn_id, turn)

    def caller_changed(self, presence: CallerPresence, identity: str) -> None:
        change = CallerChanged(presence=presence, identity=identity, at=datetime.now(UTC))
        self._put("caller", names.session_workflow_id(self._session_id), names.new_id("caller"), change)

    def report(self, subject_id: str, report: DeliveryReport) -> None:
        item_id = f"{report.delivery_id}/{report.attempt}/{report.outcome}"
        self._put("report", names.inbox_workflow_id(subject_id), item_id, report, write_ahead=True)

    def refused(self, refusal: ToolRefused) -> None:
        target = names.session_workflow_id(refusal.session_id)
        self._put("refused", target, refusal.refusal_id, refusal, write_ahead=True)

    def note(self, entry: AuditRecord) -> None:
        """An entry for the audit trail: kept on disk before it is sent, so that it outlives this process."""
        self._put("audit", names.audit_workflow_id(entry.session_id), entry.entry_id, entry, write_ahead=True)

    def escalate(self, request: EscalationRequest) -> None:
        """A person is asked into the call, as soon as the durable side can be reached."""
        target = names.escalation_workflow_id(request.escalation_id)
        self._put("escalation", target, request.escalation_id, request, write_ahead=True)

    async def delegate(self, request: TaskRequest, accept_seconds: float) -> DelegateReceipt:
        """Starts the task, or leaves it in the spool. Never raises for a durable side that is away."""
        done = self._put("task", names.task_workflow_id(request.task_id), request.task_id, request, write_ahead=True)
        try:
            sent = await asyncio.wait_for(asyncio.shield(done), accept_seconds)
        except TimeoutError:
            await self._outbox.on_disk()
            return DelegateReceipt.SPOOLED
        return DelegateReceipt.ACCEPTED if sent is Sent.SENT else DelegateReceipt.REFUSED

    def order(self, order: TaskOrder) -> asyncio.Future[Sent]:
        """The caller steers a task. Never waits; the future tells what became of it."""
        return self._put("order", names.task_workflow_id(order.task_id), order.order_id, order, write_ahead=True)

    def use_token(self, task_token: str) -> None:
        """Heartbeat and complete with this token (base64) from now on."""
        self._token = base64.b64decode(task_token)

    async def heartbeat(self) -> Heartbeat:
        try:
            client = await asyncio.wait_for(self._ready(), self._timeout)
            await asyncio.wait_for(client.get_async_activity_handle(task_token=self._token).heartbeat(), 1.0)
        except AsyncActivityCancelledError:
            return Heartbeat.DETACHED
        except RPCError as error:
            return Heartbeat.DETACHED if error.status in FINAL else Heartbeat.AWAY
        except (RuntimeError, TimeoutError):
            return Heartbeat.AWAY
        return Heartbeat.ALIVE

    def complete(self, result: AttendResult) -> None:
        """The agent left by itself: the attendance ends."""
        token = base64.b64encode(self._token).decode()
        self._put("complete", token, f"{self._session_id}/{self._role}/{self._epoch}/complete", result)

    async def events(self, from_offset: int) -> AsyncIterator[Event]:
        """What backstage tells this session, each event once, across outages. Ends when the session's workflow did."""
        offset, seen, backoff = from_offset, deque[str](maxlen=EVENTS_REMEMBERED), 0.2
        while True:
            try:
                stream = WorkflowStreamClient.create(await self._ready(), names.session_workflow_id(self._session_id))
                async for item in stream.subscribe(
                    [names.STAGE_TOPIC], from_offset=offset, result_type=Event, poll_cooldown=POLL_COOLDOWN
                ):
                    offset, backoff = item.offset + 1, 0.2
                    event: Event = item.data
                    if event.event_id not in seen:
                        seen.append(event.event_id)
                        yield event
                return
            except (
                RPCError,
                RuntimeError,
                WorkflowUpdateFailedError,
                WorkflowUpdateRPCTimeoutOrCancelledError,
            ) as gone:
                logger.info("event stream interrupted", extra={"session": self._session_id, "why": type(gone).__name__})
                await asyncio.sleep(backoff)
                backoff = min(backoff * 2, 2.0)

    async def aclose(self, flush_seconds: float) -> None:
        """Sends what is unsent within that time; the rest stays on disk for the next worker."""
        if not await self._outbox.flush(flush_seconds):
            logger.warning("unsent messages stay in the spool", extra={"session": self._session_id})
        await self._outbox.aclose()

    def _put(
        self, kind: str, target: str, item_id: str, body: Contract, *, write_ahead: bool = False
    ) -> asyncio.Future[Sent]:
        item = Outgoing.model_validate(
            {
                "item_id": item_id,
                "number": next(self._numbers),
                "kind": kind,
                "target": target,
                "body": body.model_dump_json(),
            }
        )
        return self._outbox.put(item, write_ahead=write_ahead)

    async def _ready(self) -> Client:
        if self._client is None:
            self._client = await self._connect()
        return self._client

    async def _send(self, item: Outgoing) -> None:
        await send(await self._ready(), item)


def spool_path(directory: Path, session_id: str, role: str, epoch: int) -> Path:
    return directory / f"{session_id}.{role}.{epoch}{SUFFIX}"
