"""Waits for what the records say, and decides approvals as a reviewer would."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from system_waiting import until
from temporalio.client import Client

from contracts.approval import ApprovalStage, Verdict
from contracts.delivery import DeliveryState
from contracts.names import Signal, approval_workflow_id
from contracts.records import ApprovalRecord, ArtifactRecord, DecisionRecord, DeliveryRecord, SessionRecord, TaskRecord
from contracts.task import TaskStage
from store.reader import RecordReader
from workers.deciding import decide
from workers.sending import Ruling
from workers.settings import Settings

T = TypeVar("T")


class Backstage:
    """The records, and waits for what they are to say. Every wait raises AssertionError after `within` seconds."""

    def __init__(self, records: RecordReader) -> None:
        self.records = records

    async def until(self, look: Callable[[], T | None], within: float, what: str) -> T:
        async def look_beside() -> T | None:
            return await asyncio.to_thread(look)

        return await until(look_beside, within, f"records: {what}")

    async def approval(
        self, session_id: str, stage: ApprovalStage | None = ApprovalStage.PENDING, *, within: float = 30.0
    ) -> ApprovalRecord:
        """The newest approval of that session, at that stage or at any."""
        return await self.until(
            lambda: next(iter(self.records.approvals(stage, session_id=session_id)), None),
            within,
            f"an approval of {session_id} at stage {stage or 'any'}",
        )

    async def approval_is(self, approval_id: str, stage: ApprovalStage, *, within: float = 20.0) -> ApprovalRecord:
        def look() -> ApprovalRecord | None:
            found = self.records.approval(approval_id)
            return found if found is not None and found.stage is stage else None

        return await self.until(look, within, f"{approval_id} {stage.value}")

    async def task(self, session_id: str, *stages: TaskStage, within: float = 30.0) -> TaskRecord:
        """The newest task of that session, in one of those stages if any are given."""

        def look() -> TaskRecord | None:
            found = next(iter(self.records.tasks(session_id=session_id)), None)
            return found if found is not None and (not stages or found.stage in stages) else None

        return await self.until(look, within, f"a task of {session_id} {[s.value for s in stages] or ''}")

    def outcome(self, task_id: str) -> DeliveryRecord | None:
        """The delivery of that task's outcome."""
        return next((d for d in self.records.deliveries() if d.delivery_id == f"{task_id}.outcome"), None)

    async def outcome_is(self, task_id: str, *states: DeliveryState, within: float = 30.0) -> DeliveryRecord:
        def look() -> DeliveryRecord | None:
            found = self.outcome(task_id)
            return found if found is not None and found.state in states else None

        return await self.until(look, within, f"the outcome of {task_id} {[s.value for s in states]}")

    async def session_over(self, session_id: str, *, within: float = 30.0) -> SessionRecord:
        def look() -> SessionRecord | None:
            found = self.records.session(session_id)
            return found if found is not None and found.ended_at is not None else None

        return await self.until(look, within, f"{session_id} ended")

    async def summary(self, session_id: str, *, within: float = 30.0) -> ArtifactRecord:
        return await self.until(
            lambda: next((a for a in self.records.artifacts(session_id) if a.kind == "summary"), None),
            within,
            f"the summary of {session_id}",
        )

    async def decisions(self, approval_id: str, number: int, *, within: float = 20.0) -> list[DecisionRecord]:
        """All decisions about that approval, once there are that many."""

        def look() -> list[DecisionRecord] | None:
            found = self.records.decisions(approval_id)
            return found if len(found) >= number else None

        return await self.until(look, within, f"{number} decisions about {approval_id}")

    def epoch(self, session_id: str, role: str = "voice") -> int:
        """The highest number that an agent of that role has had in that session; 0 before the first."""
        target = f"session/{session_id}/role/{role}"
        epochs = (entry.detail.get("epoch") for entry in self.records.audit(session_id) if entry.target == target)
        return max((epoch for epoch in epochs if isinstance(epoch, int)), default=0)


class Reviewer:
    """Decides from outside: as the command line does, or with a bare signal of any content."""

    def __init__(self, settings: Settings, client: Client) -> None:
        self._settings = settings
        self._client = client

    async def decide(self, approval: ApprovalRecord, verdict: str, *, reviewer: str = "ann", **more: str) -> Ruling:
        return await decide(self._settings, approval, reviewer, Verdict(verdict), **more)

    async def signal(self, approval: ApprovalRecord, *arguments: object) -> None:
        """The raw signal, as `temporal workflow signal` sends it."""
        handle = self._client.get_workflow_handle(approval_workflow_id(approval.approval_id))
        await handle.signal(Signal.DECIDE.value, args=list(arguments))
