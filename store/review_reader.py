"""Reading what waits for a person, who decides it, and what was decided."""

from __future__ import annotations

from sqlalchemy import func, select

from contracts.approval import ApprovalStage
from contracts.checkpoint import CheckpointStage
from contracts.escalation import EscalationStage
from contracts.records import (
    ApprovalRecord,
    CheckpointRecord,
    DecisionRecord,
    EscalationRecord,
    GrantRecord,
    ReviewerRecord,
)
from store import tables
from store.engine import reading
from store.reader_base import Reader, matching


class ReviewReader(Reader):
    def approvals(
        self, stage: ApprovalStage | None = None, *, session_id: str | None = None, limit: int | None = None
    ) -> list[ApprovalRecord]:
        """Newest first."""
        table = tables.approvals
        query = matching(select(table), {table.c.stage: stage, table.c.session_id: session_id})
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
        query = matching(select(table), {table.c.stage: stage, table.c.session_id: session_id})
        query = query.order_by(table.c.opened_at.desc(), table.c.escalation_id.desc())
        return self._all(EscalationRecord, query.limit(limit))

    def escalation(self, escalation_id: str) -> EscalationRecord | None:
        return self._one(EscalationRecord, tables.escalations.c.escalation_id == escalation_id)

    def checkpoints(
        self, stage: CheckpointStage | None = None, *, task_id: str | None = None, limit: int | None = None
    ) -> list[CheckpointRecord]:
        """Newest first."""
        table = tables.checkpoints
        query = matching(select(table), {table.c.stage: stage, table.c.task_id: task_id})
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
        query = matching(select(table), filters).order_by(table.c.granted_at.desc(), table.c.grant_id.desc())
        return self._all(GrantRecord, query.limit(limit))

    def grant(self, grant_id: str) -> GrantRecord | None:
        return self._one(GrantRecord, tables.grants.c.grant_id == grant_id)

    def reviewers(self) -> list[ReviewerRecord]:
        """By name, the inactive too."""
        return self._all(ReviewerRecord, select(tables.reviewers).order_by(tables.reviewers.c.name))

    def reviewer(self, name: str) -> ReviewerRecord | None:
        return self._one(ReviewerRecord, tables.reviewers.c.name == name)
