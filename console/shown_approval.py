"""What a reviewer is shown of an approval: the records, how it stands, and what each answer leads to, in words."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel

from contracts.approval import ApprovalRequest, ApprovalStage, ApprovalView, AskedCaller, DecisionReceipt, Editable
from contracts.base import Content
from contracts.composition import Composition
from contracts.ladder import Fallback, Rung
from contracts.names import approval_workflow_id
from contracts.records import ApprovalRecord, DecisionRecord, DeliveryRecord, ReviewerRecord
from policy import approval_refusals as refusals
from store.sealed import ERASED


class QueueItem(BaseModel):
    """One line of the queue. `mine`: claimed by whoever looks; `approved`: whoever looks has approved it already."""

    approval_id: str
    action: str
    tool: str
    composition: str
    risk: str
    stage: ApprovalStage
    opened_at: datetime
    deadline: datetime
    decided_at: datetime | None
    on_the_line: bool
    claimed_by: str | None
    approvers: int
    approved_by: tuple[str, ...]
    mine: bool
    approved: bool


class QueuePage(BaseModel):
    """`now` is the server's clock, which deadlines are judged by."""

    items: list[QueueItem]
    total: int
    next_after: str | None
    now: datetime


class Outlook(BaseModel):
    """What the caller hears."""

    approved: str
    edited: str
    rejected: str
    taken_over: str
    expired: str


class Standing(BaseModel):
    """How it stands, from the workflow itself."""

    deciders: tuple[str, ...]
    editable: dict[str, Editable]
    ladder: tuple[Rung, ...]
    max_extension_seconds: float
    grant_seconds: float
    asked: tuple[AskedCaller, ...]
    receipts: tuple[DecisionReceipt, ...]
    edited_fields: tuple[str, ...]


class ShownApproval(BaseModel):
    """`standing` is None while no worker answers. `refusal`: why whoever looks could not decide, if they cannot."""

    item: QueueItem
    approval: ApprovalRecord
    digest: str
    asked_arguments: dict[str, Any]
    arguments: dict[str, Any]
    standing: Standing | None
    outlook: Outlook
    refusal: str | None
    decisions: list[DecisionRecord]
    deliveries: list[DeliveryRecord]
    temporal_url: str
    now: datetime


def item(approval: ApprovalRecord, reviewer: str, *, on_the_line: bool) -> QueueItem:
    return QueueItem(
        approval_id=approval.approval_id,
        action=(approval.edited_action or approval.action).body,
        tool=approval.tool,
        composition=approval.composition,
        risk=approval.risk,
        stage=approval.stage,
        opened_at=approval.opened_at,
        deadline=approval.deadline,
        decided_at=approval.decided_at,
        on_the_line=on_the_line,
        claimed_by=approval.claimed_by,
        approvers=approval.approvers,
        approved_by=approval.approved_by,
        mine=approval.claimed_by == reviewer,
        approved=reviewer in approval.approved_by,
    )


def barred(
    approval: ApprovalRecord, composition: Composition | None, name: str, reviewer: ReviewerRecord | None, now: datetime
) -> str | None:
    """Why that person may not decide about it, as far as the records know; the workflow judges by itself."""
    tools = composition.tools if composition else ()
    amount = next((tool.amount_argument for tool in tools if tool.name == approval.tool), None)
    current = arguments(approval.edited_arguments or approval.arguments)
    return refusals.of_record(approval, current, amount, name, reviewer, now)


def closed(approval: ApprovalRecord, now: datetime) -> str | None:
    """Why nobody can decide about it any more."""
    if approval.stage is not ApprovalStage.PENDING:
        by = f" by {approval.reviewer}" if approval.reviewer else ""
        return f"It is {approval.stage.value.replace('_', ' ')}{by}: nothing is left to decide."
    return "Its deadline has passed." if now >= approval.deadline else None


def standing(view: ApprovalView) -> Standing:
    request = view.request
    return Standing(
        deciders=view.deciders,
        editable=request.editable,
        ladder=request.ladder,
        max_extension_seconds=request.max_extension_seconds,
        grant_seconds=request.grant_seconds,
        asked=view.asked,
        receipts=view.receipts,
        edited_fields=view.edited.fields if view.edited else (),
    )


def outlook(composition: Composition | None, request: ApprovalRequest | None) -> Outlook:
    """In the words of the composition; its rung's own, where the ladder has some."""
    if composition is None:
        gone = "Its composition is not known here any more."
        return Outlook(approved=gone, edited=gone, rejected=gone, taken_over=gone, expired=gone)
    phrases = composition.phrases
    last = request.ladder[-1] if request and request.ladder else None
    expired = (last.say if last else None) or phrases.expired
    if last and last.fallback is Fallback.SAFE_DEFAULT:
        expired = f"{last.say or phrases.safe_default} ({last.tool})"
    return Outlook(
        approved="It is done at once, and the caller hears how it went.",
        edited=phrases.edited.format(action="(the action as you change it)"),
        rejected=phrases.declined,
        taken_over=phrases.taken_over,
        expired=expired,
    )


def arguments(content: Content) -> dict[str, Any]:
    """None are left of what was erased."""
    known: dict[str, Any] = {} if content.body == ERASED else json.loads(content.body)
    return known


def canonical(changes: dict[str, Any]) -> str:
    return json.dumps(changes, sort_keys=True)


def temporal_url(ui: str, namespace: str, approval_id: str) -> str:
    """Of the workflow in Temporal's Web UI."""
    return f"{ui}/namespaces/{quote(namespace)}/workflows/{quote(approval_workflow_id(approval_id), safe='')}"
