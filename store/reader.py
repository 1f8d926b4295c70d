"""Reading records. Every answer is a contract, as it was written."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, tuple_

from contracts.delivery import DeliveryState
from contracts.names import PART
from contracts.records import (
    ArtifactRecord,
    DeliveryRecord,
    EffectEntry,
    SessionRecord,
    StepRecord,
    TaskRecord,
    TurnRecord,
)
from contracts.task import TaskStage
from store import tables
from store.audit_reader import AuditReader
from store.effects import effects_since
from store.engine import reading
from store.reader_base import matching
from store.review_reader import ReviewReader


class RecordReader(ReviewReader, AuditReader):
    """Reads all records: calls and their work here, what people decided and the audit trail by its bases.

    Lists of open length take a `limit`; None is no limit.
    """

    def sessions(self, limit: int = 50, before: str | None = None) -> list[SessionRecord]:
        """Newest first. `before` is the session id that ended the previous page; LookupError if there is none such."""
        table = tables.sessions
        query = select(table).order_by(table.c.opened_at.desc(), table.c.session_id.desc()).limit(limit)
        if before is not None:
            last = self.session(before)
            if last is None:
                raise LookupError(f"no session {before}")
            query = query.where(tuple_(table.c.opened_at, table.c.session_id) < (last.opened_at, last.session_id))
        return self._all(SessionRecord, query)

    def session(self, session_id: str) -> SessionRecord | None:
        return self._one(SessionRecord, tables.sessions.c.session_id == session_id)

    def open_sessions(self, among: Collection[str]) -> set[str]:
        """Which of these are calls that go on."""
        table = tables.sessions
        query = select(table.c.session_id).where(table.c.state == "open", table.c.session_id.in_(among))
        with reading(self._engine) as connection:
            return set(connection.execute(query).scalars())

    def turns(self, session_id: str, *, first: int = 0, count: int | None = None) -> list[TurnRecord]:
        """Oldest first, from position `first` on, which counts from 0."""
        table = tables.turns
        query = select(table).where(table.c.session_id == session_id)
        query = query.order_by(table.c.started_at, table.c.ended_at, table.c.turn_id)
        if first or count is not None:
            query = query.offset(first).limit(count)
        return self._all(TurnRecord, query)

    def turn(self, turn_id: str) -> TurnRecord | None:
        """The newest of that id."""
        query = select(tables.turns).where(tables.turns.c.turn_id == turn_id)
        found = self._all(TurnRecord, query.order_by(tables.turns.c.started_at.desc()).limit(1))
        return found[0] if found else None

    def tasks(
        self,
        *,
        session_id: str | None = None,
        subject_id: str | None = None,
        below: str | None = None,
        stage: TaskStage | None = None,
        composition: str | None = None,
        limit: int | None = None,
        before: TaskRecord | None = None,
    ) -> list[TaskRecord]:
        """Newest first: those that were asked for, or, of one of them, the tasks that steps `below` it are.

        `before` is the task that ended the previous page.
        """
        table = tables.tasks
        filters = {
            table.c.session_id: session_id,
            table.c.subject_id: subject_id,
            table.c.stage: stage,
            table.c.composition: composition,
        }
        query = matching(select(table), filters)
        if below is None:
            query = query.where(~table.c.task_id.contains(PART, autoescape=True))
        else:
            query = query.where(table.c.task_id.startswith(f"{below}{PART}", autoescape=True))
        if before is not None:
            query = query.where(tuple_(table.c.requested_at, table.c.task_id) < (before.requested_at, before.task_id))
        return self._all(TaskRecord, query.order_by(table.c.requested_at.desc(), table.c.task_id.desc()).limit(limit))

    def task(self, task_id: str) -> TaskRecord | None:
        return self._one(TaskRecord, tables.tasks.c.task_id == task_id)

    def steps(self, task_id: str) -> list[StepRecord]:
        """In the plan's order."""
        table = tables.steps
        return self._all(
            StepRecord, select(table).where(table.c.task_id == task_id).order_by(table.c.position, table.c.step_id)
        )

    def deliveries(
        self,
        *,
        subject_id: str | None = None,
        state: DeliveryState | None = None,
        session_id: str | None = None,
        limit: int | None = None,
    ) -> list[DeliveryRecord]:
        """Newest first."""
        table = tables.deliveries
        filters = {table.c.subject_id: subject_id, table.c.state: state, table.c.session_id: session_id}
        query = matching(select(table), filters)
        query = query.order_by(table.c.created_at.desc(), table.c.delivery_id.desc())
        return self._all(DeliveryRecord, query.limit(limit))

    def delivery(self, delivery_id: str) -> DeliveryRecord | None:
        return self._one(DeliveryRecord, tables.deliveries.c.delivery_id == delivery_id)

    def artifacts(self, session_id: str) -> list[ArtifactRecord]:
        """Oldest first."""
        table = tables.artifacts
        query = select(table).where(table.c.session_id == session_id)
        return self._all(ArtifactRecord, query.order_by(table.c.created_at, table.c.artifact_id))

    def last_summary(self, subject_id: str, composition: str, besides: str) -> ArtifactRecord | None:
        """The newest summary of a call of that subject in that composition, leaving out the session `besides`."""
        table, sessions = tables.artifacts, tables.sessions
        query = (
            select(table)
            .join(sessions, sessions.c.session_id == table.c.session_id)
            .where(table.c.subject_id == subject_id, table.c.kind == "summary", table.c.session_id != besides)
            .where(sessions.c.composition == composition)
        )
        found = self._all(ArtifactRecord, query.order_by(table.c.created_at.desc(), table.c.artifact_id).limit(1))
        return found[0] if found else None

    def effects(self, *, composition: str, tool: str, subject_id: str, since: datetime) -> list[EffectEntry]:
        """Oldest first, those at `since` too."""
        return self._all(
            EffectEntry, effects_since(composition=composition, tool=tool, subject_id=subject_id, since=since)
        )
