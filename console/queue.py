"""What waits for the reviewer who signed in: the queue, one item whole, and the decision."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from console import shown_approval as shown
from console.access import REVIEWERS, Visitor
from console.decisions import NotJudgedYet
from console.deps import Deps
from console.fanout import MEDIA_TYPE, Fanout
from console.problems import Problem, unavailable
from console.sessions import BackstageUnavailable
from console.watching import records_changed
from contracts.approval import ApprovalStage, DecisionReceipt, Edited, Verdict
from contracts.names import approval_workflow_id
from contracts.records import ApprovalRecord, ReviewerRecord
from policy.editing import edited

LATELY = timedelta(hours=1)
"""What was decided within this is still shown, as done."""


class Deciding(BaseModel):
    """A decision about exactly the action of `digest`; which other fields belong to which verdict: docs/approve.md."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    digest: Annotated[str, Field(min_length=8, max_length=64)]
    arguments: dict[str, Any] | None = None
    note: Annotated[str | None, Field(max_length=2000)] = None
    private: Annotated[str | None, Field(max_length=2000)] = None
    question: Annotated[str | None, Field(max_length=2000)] = None
    seconds: Annotated[float | None, Field(gt=0)] = None
    to: Annotated[str | None, Field(max_length=64)] = None


class Change(BaseModel):
    arguments: dict[str, Any]


class Checked(BaseModel):
    """What approving with those arguments would do, or why the rule does not allow it."""

    action: str | None = None
    fields: tuple[str, ...] = ()
    refusal: str | None = None


class Colleague(BaseModel):
    name: str
    display_name: str
    groups: tuple[str, ...]


def router(deps: Deps) -> APIRouter:
    routes = APIRouter(prefix="/api/queue")
    reviewing = Depends(deps.access.needs(*REVIEWERS))
    reader, read = deps.records, run_in_threadpool
    changes = Fanout(records_changed(reader))

    async def found(approval_id: str) -> ApprovalRecord:
        approval = await read(lambda: reader.approval(approval_id))
        if approval is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"There is no approval {approval_id!r}.")
        return approval

    async def who(visitor: Visitor) -> ReviewerRecord | None:
        name = visitor.reviewer
        return await read(lambda: reader.reviewer(name))

    def barred(approval: ApprovalRecord, visitor: Visitor, reviewer: ReviewerRecord | None) -> str | None:
        composition = deps.compositions.get(approval.composition)
        return shown.barred(approval, composition, visitor.reviewer, reviewer, datetime.now(UTC))

    async def for_eyes_of(approval_id: str, visitor: Visitor) -> tuple[ApprovalRecord, str | None]:
        """What this person may see: what they may decide, and what they had a part in, with what bars them from it.

        Raises Problem.
        """
        approval, reviewer = await asyncio.gather(found(approval_id), who(visitor))
        bar = barred(approval, visitor, reviewer)
        if bar is not None:
            decisions = await read(lambda: reader.decisions(approval_id))
            if not any(d.accepted and d.reviewer == visitor.reviewer for d in decisions):
                raise Problem(HTTPStatus.FORBIDDEN, bar)
        return approval, bar

    @routes.get("")
    async def queue(
        visitor: Visitor = reviewing,
        done: bool = False,
        limit: Annotated[int, Query(ge=1, le=200)] = 100,
        after: str | None = None,
    ) -> shown.QueuePage:
        """What waits, the least time left first; with `done`, what was decided lately, the latest first."""
        reviewer, now = await who(visitor), datetime.now(UTC)

        def collect() -> list[shown.QueueItem]:
            known = reader.approvals(None if done else ApprovalStage.PENDING, limit=500 if done else None)
            mine = [a for a in known if barred(a, visitor, reviewer) is None]
            mine = (
                [a for a in mine if a.decided_at and a.decided_at > now - LATELY]
                if done
                else [a for a in mine if a.deadline > now]
            )
            open_calls = reader.open_sessions({a.session_id for a in mine})
            mine.sort(key=lambda a: a.decided_at or a.deadline, reverse=done)
            return [shown.item(a, visitor.reviewer, on_the_line=a.session_id in open_calls) for a in mine]

        items = await read(collect)
        start = next((n + 1 for n, known in enumerate(items) if known.approval_id == after), 0)
        page = items[start : start + limit]
        more = start + limit < len(items)
        return shown.QueuePage(
            items=page, total=len(items), next_after=page[-1].approval_id if more else None, now=datetime.now(UTC)
        )

    @routes.get("/events")
    async def events(visitor: Visitor = reviewing) -> StreamingResponse:
        """Server-sent events: `changed` whenever the queue may have; the page asks again."""
        return StreamingResponse(changes.events("queue"), media_type=MEDIA_TYPE)

    @routes.get("/colleagues")
    async def colleagues(visitor: Visitor = reviewing) -> list[Colleague]:
        """To whom something can be delegated."""
        known = await read(reader.reviewers)
        return [
            Colleague(name=r.name, display_name=r.display_name, groups=r.groups)
            for r in known
            if r.active and r.name != visitor.reviewer
        ]

    @routes.get("/{approval_id}")
    async def one(approval_id: str, visitor: Visitor = reviewing) -> shown.ShownApproval:
        approval, bar = await for_eyes_of(approval_id, visitor)
        # At once: while no worker is there, the view alone takes as long as it may.
        view, decisions, deliveries, open_calls, _ = await asyncio.gather(
            deps.decisions.view(approval_id),
            read(lambda: reader.decisions(approval_id)),
            read(lambda: reader.deliveries(session_id=approval.session_id, limit=100)),
            read(lambda: reader.open_sessions({approval.session_id})),
            deps.access.reads(visitor, approval.session_id, approval_id, approval_workflow_id(approval_id)),
        )
        now = datetime.now(UTC)
        return shown.ShownApproval(
            item=shown.item(approval, visitor.reviewer, on_the_line=approval.session_id in open_calls),
            approval=approval,
            digest=approval.edited_digest or approval.digest,
            asked_arguments=shown.arguments(approval.arguments),
            arguments=shown.arguments(approval.edited_arguments or approval.arguments),
            standing=shown.standing(view) if view else None,
            outlook=shown.outlook(deps.compositions.get(approval.composition), view.request if view else None),
            refusal=shown.closed(approval, now) or bar,
            decisions=decisions,
            deliveries=[d for d in deliveries if d.task_id == approval.task_id],
            temporal_url=shown.temporal_url(deps.temporal_ui, deps.namespace, approval_id),
            now=now,
        )

    @routes.post("/{approval_id}/check")
    async def check(approval_id: str, change: Change, visitor: Visitor = reviewing) -> Checked:
        """The rule's word on a change, as it is typed. The tool itself is asked when it is approved."""
        approval, _ = await for_eyes_of(approval_id, visitor)
        view = await deps.decisions.view(approval_id)
        if view is None:
            raise unavailable("No durable worker answers, so a change cannot be checked now.")
        current = approval.edited_arguments or approval.arguments
        result = edited(view.request, current, shown.canonical(change.arguments))
        if isinstance(result, Edited):
            return Checked(action=result.action.body, fields=result.fields)
        return Checked(refusal=result)

    @routes.post("/{approval_id}/decide")
    async def decide(approval_id: str, deciding: Deciding, visitor: Visitor = reviewing) -> DecisionReceipt:
        """The receipt, counted or refused with the reason. 503 when it could not be sent or judged."""
        approval, _ = await for_eyes_of(approval_id, visitor)
        sent = {**deciding.model_dump(mode="json", exclude_none=True), "reviewer": visitor.reviewer}
        try:
            return await deps.decisions.decide(approval, sent)
        except NotJudgedYet as error:
            raise unavailable("It was sent, but nobody has judged it yet. Look again in a moment.") from error
        except BackstageUnavailable as error:
            raise unavailable("Temporal does not answer: nothing was decided. Try again in a moment.") from error

    return routes
