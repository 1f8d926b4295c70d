"""Tells a running task what to do, and learns at once whether the order counts."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import BaseModel
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.service import RPCError, RPCStatusCode

from contracts.audit import AuditRecord
from contracts.audit_events import TaskOrdered
from contracts.names import new_id, task_workflow_id
from contracts.records import TaskRecord
from contracts.task import ControlKind, TaskStage, TaskState
from store.errors import StoreError
from store.writer import RecordWriter
from workers.errors import GreenroomError
from workers.settings import Settings
from workers.stack.servers import binary
from workers.temporal import connect_to_send
from workers.vault import opened_store

ANSWER_SECONDS = 15.0


class Obeyed(BaseModel):
    """What became of an order. `stage` is where the task stood when it was taken."""

    accepted: bool
    reason: str
    stage: TaskStage | None = None


def raw_command(settings: Settings, task_id: str, kind: ControlKind, order: Mapping[str, object]) -> str:
    """The same order with the plain Temporal CLI."""
    words = (
        *(binary("temporal"), "workflow", "signal"),
        *("--address", settings.temporal_address, "--namespace", settings.temporal_namespace),
        *("--workflow-id", task_workflow_id(task_id)),
        *("--name", kind.value, "--input", json.dumps(order, separators=(",", ":"))),
    )
    return shlex.join(words)


async def send(settings: Settings, task: TaskRecord, kind: ControlKind, order: Mapping[str, object]) -> Obeyed:
    """Sends the order by update. Raises GreenroomError when Temporal is away, or nobody took it in time."""
    client = await connect_to_send(settings, by=str(order["by"]), what="order")
    handle = client.get_workflow_handle(task_workflow_id(task.task_id))
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            state: TaskState = await handle.execute_update(
                kind.value, _sealable(order, task.subject_id), id=new_id("order"), result_type=TaskState
            )
    except WorkflowUpdateFailedError as refused:
        return Obeyed(accepted=False, reason=str(getattr(refused.cause, "message", refused.cause)))
    except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
        raise GreenroomError(
            "nobody took the order in time: is a durable worker running? "
            f"It may still be carried out; look with 'greenroom tasks show {task.task_id}'"
        ) from error
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise GreenroomError(f"Temporal refused the order: {error.message}") from error
        return _after_its_end(settings, task, kind, str(order["by"]))
    return Obeyed(accepted=True, reason="counted", stage=state.stage)


def _sealable(order: Mapping[str, object], subject_id: str) -> dict[str, object]:
    """The same order with its words as content about the subject, so that the codec seals them."""
    words = order.get("words")
    return dict(order) if not isinstance(words, str) else {**order, "words": {"subject_id": subject_id, "body": words}}


def _after_its_end(settings: Settings, task: TaskRecord, kind: ControlKind, by: str) -> Obeyed:
    """The workflow of a task that has ended can note nothing any more, so it is noted here."""
    reason = "the task has ended: its outcome stands"
    line = AuditRecord(
        entry_id=new_id("audit"),
        session_id=task.session_id,
        at=datetime.now(UTC),
        actor=f"by:{by}",
        target=task.task_id,
        event=TaskOrdered(state="refused", order=kind.value, reason=reason, channel="cli"),
    )
    try:
        with opened_store(settings) as engine:
            RecordWriter(engine).write([line])
    except StoreError as error:
        raise GreenroomError(f"refused ({reason}), and not noted in the records: {error}") from error
    return Obeyed(accepted=False, reason=reason)
