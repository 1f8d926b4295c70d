"""What an operator looks at across calls: tasks, a call's time line, how approvals went, what is up."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from http import HTTPStatus
from statistics import median
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from console.access import WATCHERS, Visitor
from console.deps import Deps
from console.health import answers
from console.problems import Problem
from console.queues import Queue, queues
from contracts.approval import ApprovalStage
from contracts.names import session_workflow_id
from contracts.records import ApprovalRecord, SessionRecord, TaskRecord
from contracts.task import TaskStage
from store.reader import RecordReader

COUNTED = 1000
"""Statistics are over so many approvals, the newest."""


class TaskPage(BaseModel):
    """`next_before` goes into `before` of the request for the next page; None on the last one."""

    items: list[TaskRecord]
    next_before: str | None


class Moment(BaseModel):
    """One thing that happened in a call. `latency_ms`: how long the caller waited for that answer."""

    at: datetime
    kind: Literal["call", "turn", "task", "approval", "decision", "delivery"]
    who: str
    what: str
    link: str | None = None
    latency_ms: float | None = None


class Timeline(BaseModel):
    session_id: str
    moments: list[Moment]


class ApprovalStatistics(BaseModel):
    """Times in seconds, None where nothing was decided. `changed`: approved with other arguments than asked for."""

    counted: int
    by_stage: dict[ApprovalStage, int]
    changed: int
    median_seconds: float | None
    slowest_seconds: float | None
    refused_decisions: int


class Health(BaseModel):
    """`checks` says `ok` or what is wrong; `queues` is None while Temporal does not answer."""

    checks: dict[str, str]
    queues: list[Queue] | None


def router(deps: Deps) -> APIRouter:
    watching = Depends(deps.access.needs(*WATCHERS))
    routes = APIRouter(prefix="/api")
    reader, read = deps.records, run_in_threadpool

    @routes.get("/tasks")
    async def tasks(
        visitor: Visitor = watching,
        stage: TaskStage | None = None,
        composition: str | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: str | None = None,
    ) -> TaskPage:
        """Newest first, across all calls."""
        last = await read(lambda: reader.task(before)) if before else None
        if before and last is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"No task {before!r} to go on from.")
        found = await read(lambda: reader.tasks(stage=stage, composition=composition, limit=limit + 1, before=last))
        more = len(found) > limit
        return TaskPage(items=found[:limit], next_before=found[limit - 1].task_id if more else None)

    @routes.get("/sessions/{session_id}/timeline")
    async def timeline(session_id: str, visitor: Visitor = watching) -> Timeline:
        """From the first audio to the last delivery. Reading it is noted in the call's audit trail."""
        session = await read(lambda: reader.session(session_id))
        if session is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"No call {session_id!r}.")
        await deps.access.reads(visitor, session_id, session_id, session_workflow_id(session_id))
        return await read(lambda: Timeline(session_id=session_id, moments=_moments(reader, session)))

    @routes.get("/operate/approvals")
    async def approvals(visitor: Visitor = watching) -> ApprovalStatistics:
        known = await read(lambda: reader.approvals(limit=COUNTED))
        refused = await read(reader.refused_decisions)
        return _statistics(known, refused)

    @routes.get("/operate/health")
    async def health(visitor: Visitor = watching) -> Health:
        checks, standing = await asyncio.gather(answers(deps.checks), queues(deps.sessions, deps.namespace))
        return Health(checks=checks, queues=standing)

    return routes


def _statistics(known: list[ApprovalRecord], refused: int) -> ApprovalStatistics:
    by_people = [a for a in known if a.decided_at and a.reviewer]
    seconds = [(a.decided_at - a.opened_at) / timedelta(seconds=1) for a in by_people if a.decided_at]
    return ApprovalStatistics(
        counted=len(known),
        by_stage={stage: sum(a.stage is stage for a in known) for stage in ApprovalStage},
        changed=sum(a.stage is ApprovalStage.APPROVED and a.edited_digest is not None for a in known),
        median_seconds=median(seconds) if seconds else None,
        slowest_seconds=max(seconds) if seconds else None,
        refused_decisions=refused,
    )


def _moments(reader: RecordReader, session: SessionRecord) -> list[Moment]:
    session_id = session.session_id
    found = [Moment(at=session.opened_at, kind="call", who=session.composition, what="The call begins")]
    if session.ended_at:
        found.append(Moment(at=session.ended_at, kind="call", who="", what=f"The call ends: {session.end_reason}"))
    for record in reader.turns(session_id):
        turn = record.turn
        cut = " (interrupted)" if turn.interrupted else ""
        found.append(
            Moment(
                at=turn.started_at,
                kind="turn",
                who=turn.speaker.value,
                what=turn.text.body + cut,
                latency_ms=turn.latency_ms,
            )
        )
    for task in reader.tasks(session_id=session_id):
        link = f"/operate/tasks/{task.task_id}"
        found.append(Moment(at=task.requested_at, kind="task", who="passed on", what=task.goal.body, link=link))
        if task.stage.final:
            found.append(Moment(at=task.updated_at, kind="task", who="task", what=task.stage.value, link=link))
    for approval in reader.approvals(session_id=session_id):
        what = approval.action.body
        found.append(Moment(at=approval.opened_at, kind="approval", who="waits for a person", what=what))
        for decision in reader.decisions(approval.approval_id):
            became = decision.reason if decision.accepted else f"refused: {decision.reason}"
            found.append(
                Moment(at=decision.at, kind="decision", who=decision.reviewer, what=f"{decision.verdict}: {became}")
            )
    for delivery in reader.deliveries(session_id=session_id):
        said = f"{delivery.speech.body} ({delivery.state.value})"
        found.append(Moment(at=delivery.updated_at, kind="delivery", who="to the caller", what=said))
    return sorted(found, key=lambda moment: moment.at)
