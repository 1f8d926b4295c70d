"""What agents tell the audit trail is written once, however often it is told, and the workflow ends by itself."""

from __future__ import annotations

from datetime import UTC, datetime

from temporalio.client import WorkflowExecutionStatus
from workflow_world import World, until, words

from contracts.audit import AuditRecord, AuditStart
from contracts.audit_events import ModelCalled
from contracts.names import Signal, TaskQueue, WorkflowType, audit_workflow_id, new_id
from workflows.audit import MOST_CHARACTERS


def entry(session_id: str, number: int, size: int = 10) -> AuditRecord:
    return AuditRecord(
        entry_id=f"model-{number}",
        session_id=session_id,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        actor="role:voice",
        target="turn-1",
        event=ModelCalled(state="answered", purpose="turn", model="house-1", prompt="p", milliseconds=7, epoch=1),
        exhibits={"input": words("x" * size)},
    )


async def note(stage: World, record: AuditRecord) -> None:
    await stage.client.start_workflow(
        WorkflowType.AUDIT.value,
        AuditStart(session_id=record.session_id, idle_seconds=0.5),
        id=audit_workflow_id(record.session_id),
        task_queue=TaskQueue.ORCHESTRATION.value,
        start_signal=Signal.NOTE.value,
        start_signal_args=[record],
    )


async def noted(stage: World, session_id: str, count: int) -> list[str]:
    async def there() -> list[str] | None:
        found = [line.entry_id for line in stage.records.audit(session_id)]
        return found if len(found) >= count else None

    return await until(there)


async def told_twice(stage: World) -> str:
    """The session of five entries, of which two are told again."""
    session_id = new_id("session")
    for number in (1, 2, 1, 3, 2):
        await note(stage, entry(session_id, number))
    return session_id


async def test_entries_are_written_once_in_their_order(stage: World) -> None:
    session_id = await told_twice(stage)
    assert await noted(stage, session_id, 3) == ["model-1", "model-2", "model-3"]
    handle = stage.client.get_workflow_handle(audit_workflow_id(session_id))
    await handle.result()
    assert (await handle.describe()).status is WorkflowExecutionStatus.COMPLETED
    await note(stage, entry(session_id, 4))
    assert len(await noted(stage, session_id, 4)) == 4, "an entry that comes later starts it anew"


async def test_a_flood_is_written_in_batches_that_can_be_sent(stage: World) -> None:
    session_id = new_id("session")
    for number in range(12):
        await note(stage, entry(session_id, number, MOST_CHARACTERS // 3))
    assert len(await noted(stage, session_id, 12)) == 12
