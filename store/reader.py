"""Reading records. Every answer is a contract, as it was written."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Engine, Select, func, select, tuple_

from contracts.approval import ApprovalStage
from contracts.audit import AuditEntry
from contracts.base import Content, Contract
from contracts.checkpoint import CheckpointStage
from contracts.delivery import DeliveryState
from contracts.escalation import EscalationStage
from contracts.names import PART
from contracts.records import (
    ApprovalRecord,
    ArtifactRecord,
    CheckpointRecord,
    DecisionRecord,
    DeliveryRecord,
    EffectEntry,
    EscalationRecord,
    GrantRecord,
    ReviewerRecord,
    SessionRecord,
    StepRecord,
    TaskRecord,
    TurnRecord,
)
from contracts.task import TaskStage
from store import audit_tables, tables
from store.chain import SALT, read_line
from store.engine import reading
from store.rows import TABLES, from_row
from store.sealed import ERASED
from store.vault import vault_of

C = TypeVar("C", bound=Contract)


class RecordReader:
    """Reads records; safe for many threads. Lists of open length take a `limit`; None is no limit.

    Every method raises RetryableStoreError kinds when the database is away.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

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
        query = _matching(select(table), filters)
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

    def approvals(
        self, stage: ApprovalStage | None = None, *, session_id: str | None = None, limit: int | None = None
    ) -> list[ApprovalRecord]:
        """Newest first."""
        table = tables.approvals
        query = _matching(select(table), {table.c.stage: stage, table.c.session_id: session_id})
        query = query.order_by(table.c.opened_at.desc(), table.c.approval_id.desc())
        return self._all(ApprovalRecord, query.limit(limit))

    def pulse(self) -> tuple[int, ...]:
        """Numbers of which one changes whenever something begins or ceases to wait for a person, or is claimed."""
        table, sessions = tables.approvals, tables.sessions
        waiting = select(func.count(), func.coalesce(func.sum(table.c.revision), 0)).where(
            table.c.stage == ApprovalStage.PENDING.value
        )
        latest = select(func.count(), func.coalesce(func.sum(sessions.c.revision), 0)).where(sessions.c.state == "open")
        with reading(self._engine) as connection:
            return (*connection.execute(waiting).one(), *connection.execute(latest).one())

    def approval(self, approval_id: str) -> ApprovalRecord | None:
        return self._one(ApprovalRecord, tables.approvals.c.approval_id == approval_id)

    def escalations(
        self, stage: EscalationStage | None = None, *, session_id: str | None = None, limit: int | None = None
    ) -> list[EscalationRecord]:
        """Newest first."""
        table = tables.escalations
        query = _matching(select(table), {table.c.stage: stage, table.c.session_id: session_id})
        query = query.order_by(table.c.opened_at.desc(), table.c.escalation_id.desc())
        return self._all(EscalationRecord, query.limit(limit))

    def escalation(self, escalation_id: str) -> EscalationRecord | None:
        return self._one(EscalationRecord, tables.escalations.c.escalation_id == escalation_id)

    def checkpoints(
        self, stage: CheckpointStage | None = None, *, task_id: str | None = None, limit: int | None = None
    ) -> list[CheckpointRecord]:
        """Newest first."""
        table = tables.checkpoints
        query = _matching(select(table), {table.c.stage: stage, table.c.task_id: task_id})
        query = query.order_by(table.c.opened_at.desc(), table.c.checkpoint_id.desc())
        return self._all(CheckpointRecord, query.limit(limit))

    def checkpoint(self, checkpoint_id: str) -> CheckpointRecord | None:
        return self._one(CheckpointRecord, tables.checkpoints.c.checkpoint_id == checkpoint_id)

    def decisions(self, approval_id: str) -> list[DecisionRecord]:
        """In the order of their numbers, refused ones too."""
        table = tables.decisions
        query = select(table).where(table.c.approval_id == approval_id).order_by(table.c.number)
        return self._all(DecisionRecord, query)

    def refused_decisions(self) -> int:
        """How many decisions did not count."""
        table = tables.decisions
        with reading(self._engine) as connection:
            query = select(func.count()).select_from(table).where(table.c.accepted.is_(False))
            return int(connection.execute(query).scalar_one())

    def grants(
        self,
        *,
        composition: str | None = None,
        tool: str | None = None,
        subject_id: str | None = None,
        limit: int | None = None,
    ) -> list[GrantRecord]:
        """Newest first, the expired and the revoked too."""
        table = tables.grants
        filters = {table.c.composition: composition, table.c.tool: tool, table.c.subject_id: subject_id}
        query = _matching(select(table), filters).order_by(table.c.granted_at.desc(), table.c.grant_id.desc())
        return self._all(GrantRecord, query.limit(limit))

    def grant(self, grant_id: str) -> GrantRecord | None:
        return self._one(GrantRecord, tables.grants.c.grant_id == grant_id)

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
        query = _matching(select(table), filters)
        query = query.order_by(table.c.created_at.desc(), table.c.delivery_id.desc())
        return self._all(DeliveryRecord, query.limit(limit))

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
        table = tables.effects
        query = select(table).where(
            table.c.composition == composition,
            table.c.tool == tool,
            table.c.subject_id == subject_id,
            table.c.at >= since,
        )
        return self._all(EffectEntry, query.order_by(table.c.at, table.c.call_id))

    def audit(self, session_id: str) -> list[AuditEntry]:
        """In the order of the chain. Reading does not verify: `store.audit.verify` does."""
        table = audit_tables.audit_entries
        query = select(table.c.line).where(table.c.session_id == session_id).order_by(table.c.sequence)
        return self._entries(query)

    def audit_entry(self, entry_id: str) -> AuditEntry | None:
        """The entry of that cause, in whichever session it is."""
        found = self._entries(
            select(audit_tables.audit_entries.c.line).where(audit_tables.audit_entries.c.entry_id == entry_id)
        )
        return found[0] if found else None

    def exhibits(self, digests: Iterable[str]) -> dict[str, Content]:
        """What entries were about, by digest. What was erased is missing."""
        table = audit_tables.audit_contents
        with reading(self._engine) as connection:
            rows = connection.execute(select(table).where(table.c.digest.in_(list(digests)))).mappings().all()
        return {row["digest"]: self._exhibit(row["content_subject_id"], row["content_body"]) for row in rows}

    def reviewers(self) -> list[ReviewerRecord]:
        """By name, the inactive too."""
        return self._all(ReviewerRecord, select(tables.reviewers).order_by(tables.reviewers.c.name))

    def reviewer(self, name: str) -> ReviewerRecord | None:
        return self._one(ReviewerRecord, tables.reviewers.c.name == name)

    def _exhibit(self, subject_id: str, body: str) -> Content:
        vault = vault_of(self._engine)
        opened = body if vault is None else vault.open(subject_id, body)
        return Content(subject_id=subject_id, body=opened if opened == ERASED else opened[SALT:])

    def _all(self, kind: type[C], query: Select[Any]) -> list[C]:
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        vault = vault_of(self._engine)
        return [from_row(kind, row, vault) for row in rows]

    def _entries(self, query: Select[Any]) -> list[AuditEntry]:
        with reading(self._engine) as connection:
            return [read_line(line) for line in connection.execute(query).scalars()]

    def _one(self, kind: type[C], key: ColumnElement[bool]) -> C | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(TABLES[kind]).where(key)).mappings().one_or_none()
        return None if row is None else from_row(kind, row, vault_of(self._engine))


def _matching(query: Select[Any], filters: dict[Any, str | None]) -> Select[Any]:
    for column, value in filters.items():
        if value is not None:
            query = query.where(column == str(value))
    return query
