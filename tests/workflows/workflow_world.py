"""A Temporal server with our workers on it: real workflows and records, everything else played by doubles."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import approval_compositions
import desk_composition
import pytest
import room_compositions
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributeKey, WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker
from workflow_doubles import Models, Rooms, Tools, Webhook

import migrations
from activities.authorizing import CallAuthority
from activities.mailbox import MailboxActivities
from activities.records import RecordActivities
from activities.tools import ToolActivities
from activities.transcripts import TranscriptActivities
from contracts.base import Content
from contracts.delivery import DeliveryView
from contracts.names import (
    VIEW_QUERY,
    TaskQueue,
    WorkflowType,
    inbox_workflow_id,
    new_id,
    session_workflow_id,
    task_workflow_id,
)
from contracts.records import Record, ReviewerRecord
from contracts.session import SessionSnapshot, SessionStart
from contracts.task import TaskRequest, TaskResult
from store.audit_keys import make_key
from store.effects import EffectBook
from store.reader import RecordReader
from store.reviewers import add_reviewer, seed_development_reviewers
from store.writer import RecordWriter
from workers.durable import INTERCEPTORS, WORKFLOWS, Records
from workers.settings import load_settings
from workers.stack.errors import StackError
from workers.stack.servers import DEFAULT_SPEC, binary
from workers.stack.spec import load_spec
from workers.temporal import data_converter
from workers.vault import open_codec, open_store

T = TypeVar("T")
COMPOSITIONS = desk_composition.COMPOSITIONS | approval_compositions.COMPOSITIONS | room_compositions.COMPOSITIONS


class SlowRecords(Records):
    """The real records, which a test can make late: reviewers are read only after `reviewers_from`."""

    def __init__(self, writer: RecordWriter, reader: RecordReader, effects: EffectBook) -> None:
        super().__init__(writer, reader, effects)
        self.reviewers_from = datetime.min.replace(tzinfo=UTC)
        read = reader.reviewer

        def reviewer(name: str) -> ReviewerRecord | None:
            time.sleep(max(0.0, (self.reviewers_from - datetime.now(UTC)).total_seconds()))
            return read(name)

        self.reviewer = reviewer


@dataclass
class World:
    client: Client
    models: Models
    tools: Tools
    rooms: Rooms
    webhook: Webhook
    records: RecordReader
    database_url: str
    keys: Path
    _records: SlowRecords

    def write(self, *records: Record) -> None:
        """Puts records where the workflows find them."""
        self._records.write(records)

    @contextmanager
    def records_held_until(self, moment: datetime) -> Iterator[None]:
        self._records.reviewers_from = moment
        yield
        self._records.reviewers_from = datetime.min.replace(tzinfo=UTC)

    async def start_task(
        self,
        *,
        composition: str = "desk",
        task_id: str | None = None,
        session_id: str | None = None,
        subject_id: str | None = None,
    ) -> WorkflowHandle[Any, Any]:
        """Starts a task as the live agent does: sent again it is one task, and one that has ended stays ended."""
        task_id = task_id or new_id("task")
        request = TaskRequest(
            task_id=task_id,
            session_id=session_id or f"session-of-{task_id}",
            subject_id=subject_id or f"subject-of-{task_id}",
            composition=composition,
            goal=words("do it"),
            conversation=words("caller: please do it"),
            requested_at=datetime.now(UTC),
        )
        return await self.client.start_workflow(
            WorkflowType.TASK.value,
            request,
            id=task_workflow_id(task_id),
            task_queue=TaskQueue.ORCHESTRATION.value,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            result_type=TaskResult,
        )

    async def start_session(self, *, composition: str = "desk", subject_id: str | None = None) -> str:
        """A call whose agent joins at once; its id."""
        session_id = new_id("session")
        start = SessionStart(
            session_id=session_id,
            room=f"room-{session_id}",
            subject_id=subject_id or f"subject-of-{session_id}",
            composition=composition,
            caller_identity="caller-1",
            opened_at=datetime.now(UTC),
        )
        await self.client.start_workflow(
            WorkflowType.SESSION.value,
            start,
            id=session_workflow_id(session_id),
            task_queue=TaskQueue.ORCHESTRATION.value,
        )
        return session_id

    async def snapshot(self, session_id: str) -> SessionSnapshot:
        handle = self.client.get_workflow_handle(session_workflow_id(session_id))
        found: SessionSnapshot = await handle.query("snapshot", result_type=SessionSnapshot)
        return found

    async def inbox(self, subject_id: str) -> dict[str, DeliveryView]:
        handle = self.client.get_workflow_handle(inbox_workflow_id(subject_id))
        views = await handle.query(VIEW_QUERY, result_type=list[DeliveryView])
        return {view.delivery.delivery_id: view for view in views}


def words(body: str) -> Content:
    return Content(subject_id="subject-1", body=body)


async def until(ask: Callable[[], Awaitable[T | None]], *, seconds: float = 60.0) -> T:
    """Asks until there is an answer. For what only a query or the database can tell."""
    async with asyncio.timeout(seconds):
        while not (answer := await ask()):  # noqa: ASYNC110 - it happens in another process, which sets no event here
            await asyncio.sleep(0.02)
    return answer


@asynccontextmanager
async def world(
    folder: Path,
    dynamic_config: Mapping[str, object] | None = None,
    *,
    sealing: bool = True,
    temporal_file: Path | None = None,
) -> AsyncIterator[World]:
    """The dev stack's own Temporal flags, with `dynamic_config` on top. Fails, naming the fix, without the server."""
    settings = load_settings(database_url=f"sqlite:///{folder / 'records.db'}", sealing=sealing)
    migrations.upgrade(settings.database_url)
    try:
        path = binary("temporal")
    except StackError as missing:
        pytest.fail(str(missing))
    extras = load_spec(DEFAULT_SPEC).servers.temporal
    flags = [f"{name}={value}" for name, value in (dynamic_config or {}).items()]
    async with AsyncExitStack() as stack:
        env = await stack.enter_async_context(
            await WorkflowEnvironment.start_local(
                dev_server_existing_path=path,
                dev_server_database_filename=None if temporal_file is None else str(temporal_file),
                data_converter=data_converter(open_codec(settings)),
                identity="greenroom-test",
                search_attributes=[_key(item) for item in extras.search_attributes],
                dev_server_extra_args=[
                    part for value in (*extras.dynamic_config, *flags) for part in ("--dynamic-config-value", value)
                ],
            )
        )
        url = settings.database_url
        engine = open_store(settings)
        stack.callback(engine.dispose)
        seed_development_reviewers(engine)
        add_reviewer(engine, ReviewerRecord(name="mia", display_name="Mia", groups=("managers",)))
        records = SlowRecords(RecordWriter(engine), RecordReader(engine), EffectBook(engine))
        doubles = (Models(), Tools(), Rooms(env.client), Webhook())
        found = World(env.client, *doubles, RecordReader(engine), url, folder / "keys", records)
        stack.callback(found.rooms.disband)
        for worker in _workers(found, records):
            await stack.enter_async_context(worker)
        yield found


def _workers(to: World, records: Records) -> list[Worker]:
    """One worker a queue, as the durable processes run them."""
    store, mailbox = RecordActivities(records, COMPOSITIONS), MailboxActivities(to.client, COMPOSITIONS)
    transcripts = TranscriptActivities(records, COMPOSITIONS)
    authority = CallAuthority(COMPOSITIONS, records, make_key(to.keys))
    tools = ToolActivities({name: to.tools for name in COMPOSITIONS}, authority)
    activities: dict[TaskQueue, list[Callable[..., Any]]] = {
        TaskQueue.ORCHESTRATION: [],
        TaskQueue.RECORDS: [
            store.write,
            store.reviewer,
            store.reviewers_of,
            store.composition,
            store.grants,
            store.totals,
            mailbox.deliver,
            mailbox.presence,
            transcripts.outline,
            transcripts.read,
            transcripts.last_call,
        ],
        TaskQueue.MODELS: [to.models.plan, to.models.think, to.models.summarize],
        TaskQueue.TOOLS: [tools.call, tools.call_repeatable, tools.resolve, tools.objection, to.webhook.post],
        TaskQueue.ROOMS: [to.rooms.attend, to.rooms.probe, to.rooms.close],
    }
    return [
        Worker(
            to.client,
            task_queue=queue.value,
            workflows=WORKFLOWS if queue is TaskQueue.ORCHESTRATION else (),
            activities=activities[queue],
            interceptors=INTERCEPTORS,
            sticky_queue_schedule_to_start_timeout=timedelta(seconds=1),
        )
        for queue in TaskQueue
    ]


def _key(item: str) -> SearchAttributeKey[Any]:
    name, _, kind = item.partition("=")
    return SearchAttributeKey.for_datetime(name) if kind == "Datetime" else SearchAttributeKey.for_keyword(name)
