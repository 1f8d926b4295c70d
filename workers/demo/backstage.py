"""Follows the records and tells what happens backstage."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from contracts.approval import ApprovalStage
from contracts.delivery import DeliveryState
from contracts.records import ApprovalRecord, DeliveryRecord, TaskRecord
from store.errors import RetryableStoreError
from store.reader import RecordReader
from workers.demo.stage import Stage

LOOK_SECONDS = 0.2
"""The database tells nobody of a change: it is read this often."""

T = TypeVar("T")


class Backstage:
    """Prints changes of tasks, steps, approvals and deliveries, and lets the story wait for one."""

    def __init__(self, reader: RecordReader, stage: Stage) -> None:
        self._reader = reader
        self._stage = stage
        self._told: dict[str, str] = {}

    async def follow(self) -> None:
        """Until cancelled."""
        while True:
            try:
                for key, state, words in await asyncio.to_thread(self._look):
                    if self._told.get(key) != state:
                        self._told[key] = state
                        self._stage.line("backstage", words)
            except RetryableStoreError:
                pass  # the next look sees what this one missed
            await asyncio.sleep(LOOK_SECONDS)

    async def wait(self, look: Callable[[RecordReader], T | None], within: float) -> T | None:
        """What `look` finds, as soon as it finds something; None when it does not within seconds."""
        try:
            async with asyncio.timeout(within):
                while True:
                    found = await asyncio.to_thread(look, self._reader)
                    if found is not None:
                        return found
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            return None

    def _look(self) -> list[tuple[str, str, str]]:
        lines: list[tuple[str, str, str]] = []
        for task in reversed(self._reader.tasks(limit=5)):
            lines.append((task.task_id, task.stage.value, f"{task.task_id} {task.stage.value}"))
            for step in self._reader.steps(task.task_id):
                status = step.status.value if step.status else "running"
                key = f"{step.task_id}/{step.step_id}"
                lines.append((key, status, f"{task.task_id} step {step.step_id} ({step.role}) {status}"))
        for approval in reversed(self._reader.approvals(limit=5)):
            by = f" by {approval.reviewer}" if approval.reviewer else ""
            words = f"{approval.approval_id} {approval.stage.value}{by}: {approval.action.body}"
            lines.append((approval.approval_id, approval.stage.value, words))
        for delivery in reversed(self._reader.deliveries(limit=8)):
            words = f"{delivery.delivery_id} {delivery.state.value}"
            lines.append((delivery.delivery_id, delivery.state.value, words))
        return lines


def pending_approval(session_id: str) -> Callable[[RecordReader], ApprovalRecord | None]:
    return lambda reader: next(iter(reader.approvals(ApprovalStage.PENDING, session_id=session_id)), None)


def decided_approval(approval_id: str) -> Callable[[RecordReader], ApprovalRecord | None]:
    def look(reader: RecordReader) -> ApprovalRecord | None:
        found = reader.approval(approval_id)
        return found if found is not None and found.stage is not ApprovalStage.PENDING else None

    return look


def task_of(session_id: str) -> Callable[[RecordReader], TaskRecord | None]:
    return lambda reader: next(iter(reader.tasks(session_id=session_id)), None)


def running_step(session_id: str) -> Callable[[RecordReader], str | None]:
    """The id of a step that runs now."""

    def look(reader: RecordReader) -> str | None:
        steps = [s for t in reader.tasks(session_id=session_id) for s in reader.steps(t.task_id)]
        return next((s.step_id for s in steps if s.status is None), None)

    return look


def outcome_heard(task_id: str) -> Callable[[RecordReader], DeliveryRecord | None]:
    """The delivery of that task's outcome, once it was heard to its end."""

    def look(reader: RecordReader) -> DeliveryRecord | None:
        heard = reader.deliveries(state=DeliveryState.HEARD, limit=50)
        return next((d for d in heard if d.task_id == task_id and d.delivery_id.endswith(".outcome")), None)

    return look
