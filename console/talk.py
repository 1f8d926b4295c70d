"""What a caller's page shows beside the call: whom one can talk to, the work that goes on, and a way back in."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from console.calls import SessionOpened, opened
from console.deps import Deps
from console.fanout import MEDIA_TYPE, Fanout
from console.watching import session_told
from contracts.approval import ApprovalStage
from contracts.task import TaskStage


class Choice(BaseModel):
    """A composition that one can talk to. `consent` is what one agrees to by joining."""

    id: str
    title: str
    consent: str


class TaskCard(BaseModel):
    """`waits_until`: a colleague decides until then, at the latest."""

    task_id: str
    goal: str
    stage: TaskStage
    speech: str | None
    requested_at: datetime
    updated_at: datetime
    waits_until: datetime | None


class CallState(BaseModel):
    session_id: str
    composition: str
    open: bool
    tasks: list[TaskCard]
    now: datetime


def router(deps: Deps) -> APIRouter:
    routes = APIRouter(prefix="/api")
    reader, read = deps.records, run_in_threadpool
    calling = Depends(deps.access.caller)
    told = Fanout(session_told(deps.sessions))

    @routes.get("/compositions")
    async def compositions() -> list[Choice]:
        return [Choice(id=c.id, title=c.title, consent=c.consent) for c in deps.compositions.values()]

    @routes.get("/calls/{session_id}")
    async def call(session_id: str = calling) -> CallState:
        def collect() -> CallState:
            session = reader.session(session_id)
            waiting = {
                a.task_id: a.deadline for a in reader.approvals(ApprovalStage.PENDING, session_id=session_id, limit=50)
            }
            cards = [
                TaskCard(
                    task_id=task.task_id,
                    goal=task.goal.body,
                    stage=task.stage,
                    speech=task.speech.body if task.speech else None,
                    requested_at=task.requested_at,
                    updated_at=task.updated_at,
                    waits_until=waiting.get(task.task_id),
                )
                for task in reader.tasks(session_id=session_id, limit=50)
            ]
            return CallState(
                session_id=session_id,
                composition=session.composition if session else "",
                open=session is None or session.state == "open",  # its record is written a moment after it opened
                tasks=cards,
                now=datetime.now(UTC),
            )

        return await read(collect)

    @routes.get("/calls/{session_id}/events")
    async def events(session_id: str = calling) -> StreamingResponse:
        """Server-sent events: `changed` whenever backstage told the call something; `over` at its end."""
        return StreamingResponse(told.events(session_id), media_type=MEDIA_TYPE)

    @routes.post("/calls/{session_id}/token")
    async def token(session_id: str = calling) -> SessionOpened:
        """A fresh token for the same call: the page was loaded again, or the first one is used up."""
        return opened(deps.rooms, session_id)

    return routes
