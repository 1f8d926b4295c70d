"""The durable side: one Temporal worker a task queue, so that one slow layer cannot starve another."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import openai
import uvicorn
from fastapi import FastAPI
from livekit import api
from temporalio.client import Client
from temporalio.worker import Interceptor, Worker

from activities.authorizing import CallAuthority
from activities.mailbox import MailboxActivities
from activities.models import ModelActivities
from activities.records import RecordActivities, RecordStore
from activities.rooms import RoomActivities
from activities.tools import ToolActivities
from activities.transcripts import TranscriptActivities, TranscriptSource
from activities.webhooks import WebhookActivities
from contracts.composition import Composition
from contracts.names import TaskQueue
from contracts.records import DeliveryRecord, TaskRecord
from store.audit_keys import open_or_make_keys
from store.effects import EffectBook
from store.reader import RecordReader
from store.writer import RecordWriter
from tools.compositions import load_compositions
from tools.mcp_server import McpToolServer
from tools.registry import ToolRegistry
from workers.sealing import sealing
from workers.settings import Settings
from workers.temporal import connect
from workers.vault import open_store
from workflows.approval import ApprovalWorkflow
from workflows.arity import SignalArity
from workflows.attendance import AttendanceWorkflow
from workflows.audit import AuditWorkflow
from workflows.checkpoint import CheckpointWorkflow
from workflows.escalation import EscalationWorkflow
from workflows.handoff import HandoffWorkflow
from workflows.inbox import InboxWorkflow
from workflows.session import SessionWorkflow
from workflows.summary import SummaryWorkflow
from workflows.task import TaskWorkflow
from workflows.webhook import WebhookWorkflow

logger = logging.getLogger("greenroom.durable")

WORKFLOWS: Sequence[type] = (
    SessionWorkflow,
    AttendanceWorkflow,
    InboxWorkflow,
    TaskWorkflow,
    HandoffWorkflow,
    ApprovalWorkflow,
    EscalationWorkflow,
    CheckpointWorkflow,
    SummaryWorkflow,
    WebhookWorkflow,
    AuditWorkflow,
)
INTERCEPTORS: Sequence[Interceptor] = (SignalArity(),)
QUEUES = {queue.name.lower(): queue for queue in TaskQueue}


class Records:
    """Writer and reader of the records as activities need them: one object for both protocols."""

    def __init__(self, writer: RecordWriter, reader: RecordReader, effects: EffectBook) -> None:
        self.write = writer.write
        self.note_effect = effects.note
        self.strike_effect = effects.strike
        self.reviewer = reader.reviewer
        self.reviewers = reader.reviewers
        self.grants = reader.grants
        self.grant = reader.grant
        self.approval = reader.approval
        self.effects = reader.effects
        self.turns = reader.turns
        self.last_summary = reader.last_summary
        self._reader = reader

    def tasks(self, session_id: str) -> Sequence[TaskRecord]:
        return self._reader.tasks(session_id=session_id)

    def deliveries(self, session_id: str) -> Sequence[DeliveryRecord]:
        return self._reader.deliveries(session_id=session_id)


@dataclass(frozen=True)
class Outside:
    """All that activities reach outside this process, built once."""

    client: Client
    compositions: Mapping[str, Composition]
    records: Records
    registries: Mapping[str, ToolRegistry]
    authority: CallAuthority
    chat: openai.AsyncOpenAI
    livekit: api.LiveKitAPI
    web: httpx.AsyncClient


@asynccontextmanager
async def outside(settings: Settings) -> AsyncIterator[Outside]:
    """Opens what activities need, and closes it. Raises StoreError, CompositionError, ToolConfigurationError."""
    async with AsyncExitStack() as stack:
        compositions = load_compositions(settings.compositions_dir, chat_model=settings.chat_model)
        engine = open_store(settings)
        stack.callback(engine.dispose)
        records = Records(RecordWriter(engine), RecordReader(engine), EffectBook(engine))
        grant_keys = await asyncio.to_thread(open_or_make_keys, settings.grant_keys_dir)
        servers = {name: McpToolServer(name, url) for name, url in settings.tool_servers.items()}
        for server in servers.values():
            stack.push_async_callback(server.aclose)
        chat = openai.AsyncOpenAI(
            base_url=settings.openai_base_url,
            api_key=settings.openai_api_key.get_secret_value() or "keyless",
            max_retries=0,
            timeout=25.0,
        )
        stack.push_async_callback(chat.close)
        livekit = api.LiveKitAPI(
            settings.livekit_url, settings.livekit_api_key, settings.livekit_api_secret.get_secret_value()
        )
        stack.push_async_callback(livekit.aclose)
        yield Outside(
            client=await connect(settings, identity="greenroom-durable"),
            compositions=compositions,
            records=records,
            registries={c.id: ToolRegistry(c, servers, keys=grant_keys) for c in compositions.values()},
            authority=CallAuthority(compositions, records, grant_keys),
            chat=chat,
            livekit=livekit,
            web=await stack.enter_async_context(httpx.AsyncClient(timeout=10.0, follow_redirects=False)),
        )


def build_worker(queue: TaskQueue, to: Outside) -> Worker:
    """The worker of one queue. After a death the next workflow task waits 1 s at most on the dead sticky queue."""
    activities: list[Callable[..., Any]] = []
    store: RecordStore = to.records
    source: TranscriptSource = to.records
    if queue is TaskQueue.RECORDS:
        records = RecordActivities(store, to.compositions)
        mailbox = MailboxActivities(to.client, to.compositions)
        transcripts = TranscriptActivities(source, to.compositions)
        activities += [records.write, records.reviewer, records.reviewers_of, records.composition]
        activities += [records.grants, records.totals, mailbox.deliver, mailbox.presence]
        activities += [transcripts.outline, transcripts.read, transcripts.last_call]
    elif queue is TaskQueue.MODELS:
        models = ModelActivities(to.chat, to.compositions, to.registries, to.records)
        activities += [models.plan, models.think, models.summarize]
    elif queue is TaskQueue.TOOLS:
        tools = ToolActivities(to.registries, to.authority)
        webhooks = WebhookActivities(to.web, to.compositions, os.environ.get)
        activities += [tools.call, tools.call_repeatable, tools.resolve, tools.objection, webhooks.post]
    elif queue is TaskQueue.ROOMS:
        rooms = RoomActivities(to.livekit, to.client)
        activities += [rooms.attend, rooms.probe, rooms.close]
    return Worker(
        to.client,
        task_queue=queue.value,
        workflows=WORKFLOWS if queue is TaskQueue.ORCHESTRATION else (),
        activities=activities,
        interceptors=INTERCEPTORS,
        sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        max_heartbeat_throttle_interval=timedelta(seconds=0.2),
        default_heartbeat_throttle_interval=timedelta(seconds=0.2),
        graceful_shutdown_timeout=timedelta(seconds=5),
    )


async def serve(settings: Settings, queues: Iterable[str], health_port: int | None) -> None:
    """Runs the workers of those queues until SIGTERM or SIGINT; `/health` answers 200 once they all poll."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        to = await stack.enter_async_context(outside(settings))
        for name in queues:
            await stack.enter_async_context(build_worker(QUEUES[name], to))
            logger.info("polling %s", QUEUES[name].value)
        if any(QUEUES[name] is TaskQueue.RECORDS for name in queues):
            await stack.enter_async_context(sealing(settings))
        if health_port is not None:
            await stack.enter_async_context(_health(health_port))
        logger.info("ready")
        await stop.wait()
    # A client call cancelled just before the interpreter ends can abort it; give its threads a moment to finish.
    await asyncio.sleep(0.5)


@asynccontextmanager
async def _health(port: int) -> AsyncIterator[None]:
    app = FastAPI(openapi_url=None)

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning"))
    task = asyncio.create_task(server._serve())
    try:
        yield
    finally:
        server.should_exit = True
        await task
