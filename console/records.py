"""What happened, from the records: sessions, turns, tasks, approvals, deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from console.access import WATCHERS, Visitor
from console.deps import Deps
from console.problems import Problem
from contracts.approval import ApprovalStage
from contracts.delivery import DeliveryState
from contracts.names import approval_workflow_id, session_workflow_id, task_workflow_id
from contracts.records import (
    ApprovalRecord,
    ArtifactRecord,
    DecisionRecord,
    DeliveryRecord,
    SessionRecord,
    StepRecord,
    TaskRecord,
    TurnRecord,
)

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=200)]


class SessionPage(BaseModel):
    """`next_before` goes into `before` of the request for the next page; None on the last one."""

    items: list[SessionRecord]
    next_before: str | None


class SessionDetail(BaseModel):
    session: SessionRecord
    tasks: list[TaskRecord]
    approvals: list[ApprovalRecord]
    deliveries: list[DeliveryRecord]
    artifacts: list[ArtifactRecord]


class TaskDetail(BaseModel):
    task: TaskRecord
    steps: list[StepRecord]


class ApprovalDetail(BaseModel):
    approval: ApprovalRecord
    decisions: list[DecisionRecord]


def _present(found: T | None, kind: str, name: str, known: Sequence[str]) -> T:
    if found is None:
        listed = f"the newest are {', '.join(known[:5])}" if known else f"there is no {kind} yet"
        raise Problem(HTTPStatus.NOT_FOUND, f"No {kind} {name!r}; {listed}.")
    return found


def router(deps: Deps) -> APIRouter:
    watching = Depends(deps.access.needs(*WATCHERS))
    routes = APIRouter(prefix="/api", dependencies=[watching])
    reader, read, noted = deps.records, run_in_threadpool, deps.access.reads

    async def session_or_404(session_id: str) -> SessionRecord:
        found = await read(lambda: reader.session(session_id))
        known = [] if found else [s.session_id for s in await read(lambda: reader.sessions(limit=5))]
        return _present(found, "session", session_id, known)

    @routes.get("/sessions")
    async def sessions(limit: Limit = 50, before: str | None = None) -> SessionPage:
        if before is not None:
            await session_or_404(before)
        items = await read(lambda: reader.sessions(limit=limit + 1, before=before))
        more = len(items) > limit
        return SessionPage(items=items[:limit], next_before=items[limit - 1].session_id if more else None)

    @routes.get("/sessions/{session_id}")
    async def session(session_id: str, visitor: Visitor = watching) -> SessionDetail:
        found = await session_or_404(session_id)
        await noted(visitor, session_id, session_id, session_workflow_id(session_id))
        return await read(
            lambda: SessionDetail(
                session=found,
                tasks=reader.tasks(session_id=session_id),
                approvals=reader.approvals(session_id=session_id),
                deliveries=reader.deliveries(session_id=session_id),
                artifacts=reader.artifacts(session_id),
            )
        )

    @routes.get("/sessions/{session_id}/turns")
    async def turns(session_id: str, visitor: Visitor = watching) -> list[TurnRecord]:
        await session_or_404(session_id)
        await noted(visitor, session_id, session_id, session_workflow_id(session_id))
        return await read(lambda: reader.turns(session_id))

    @routes.get("/tasks/{task_id}")
    async def task(task_id: str, visitor: Visitor = watching) -> TaskDetail:
        found = await read(lambda: reader.task(task_id))
        known = [] if found else [t.task_id for t in await read(lambda: reader.tasks(limit=5))]
        record = _present(found, "task", task_id, known)
        await noted(visitor, record.session_id, task_id, task_workflow_id(task_id))
        return TaskDetail(task=record, steps=await read(lambda: reader.steps(task_id)))

    @routes.get("/approvals")
    async def approvals(
        stage: ApprovalStage | None = None, session_id: str | None = None, limit: Limit = 50
    ) -> list[ApprovalRecord]:
        return await read(lambda: reader.approvals(stage, session_id=session_id, limit=limit))

    @routes.get("/approvals/{approval_id}")
    async def approval(approval_id: str, visitor: Visitor = watching) -> ApprovalDetail:
        found = await read(lambda: reader.approval(approval_id))
        known = [] if found else [a.approval_id for a in await read(lambda: reader.approvals(limit=5))]
        record = _present(found, "approval", approval_id, known)
        await noted(visitor, record.session_id, approval_id, approval_workflow_id(approval_id))
        return ApprovalDetail(approval=record, decisions=await read(lambda: reader.decisions(approval_id)))

    @routes.get("/deliveries")
    async def deliveries(
        subject_id: str | None = None,
        state: DeliveryState | None = None,
        session_id: str | None = None,
        limit: Limit = 50,
    ) -> list[DeliveryRecord]:
        return await read(
            lambda: reader.deliveries(subject_id=subject_id, state=state, session_id=session_id, limit=limit)
        )

    return routes
