"""What is written to the records. Every record is an idempotent upsert by its id; a lower `revision` never wins."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from contracts.approval import ApprovalStage
from contracts.audit import AuditRecord
from contracts.base import Content, Contract, Moment
from contracts.checkpoint import CheckpointStage
from contracts.delivery import DeliveryState, WebhookState
from contracts.escalation import EscalationCause, EscalationStage
from contracts.grants import GrantScope
from contracts.session import Turn
from contracts.task import StepStatus, TaskStage


class SessionRecord(Contract):
    type: Literal["session"] = "session"
    session_id: str
    room: str
    subject_id: str
    composition: str
    state: str
    """`open`, `ended` or `summarized`."""
    revision: int
    opened_at: Moment
    ended_at: Moment | None = None
    end_reason: str | None = None


class TurnRecord(Contract):
    type: Literal["turn"] = "turn"
    turn: Turn


class TaskRecord(Contract):
    type: Literal["task"] = "task"
    task_id: str
    session_id: str
    subject_id: str
    composition: str
    stage: TaskStage
    revision: int
    goal: Content
    speech: Content | None = None
    requested_at: Moment
    updated_at: Moment


class StepRecord(Contract):
    type: Literal["step"] = "step"
    task_id: str
    step_id: str
    position: int = 0
    """Its place in the plan, from 1."""
    role: str
    goal: Content
    status: StepStatus | None
    """None while it runs."""
    revision: int
    answer: Content | None = None
    depends_on: tuple[str, ...] = ()
    """The steps that it waits for."""
    updated_at: Moment


class ApprovalRecord(Contract):
    """`action`, `arguments` and `digest` are as asked; `edited_…` as a reviewer changed them, if one did.

    `approved_by` approved what is to be decided now.
    """

    type: Literal["approval"] = "approval"
    approval_id: str
    task_id: str
    step_id: str
    session_id: str
    subject_id: str
    composition: str
    tool: str
    capability: str
    action: Content
    arguments: Content
    digest: str
    rule_id: str
    why: str
    context_pack: Content | None = None
    editable: tuple[str, ...] = ()
    approvers: int = 1
    approved_by: tuple[str, ...] = ()
    edited_action: Content | None = None
    edited_arguments: Content | None = None
    edited_digest: str | None = None
    asked: Content | None = None
    """What reviewers asked the caller and what the caller said, in words."""
    risk: str = ""
    deciders: tuple[str, ...] = ()
    """Who may decide, as of `revision`: names, and `group:NAME`; nobody named means every reviewer."""
    claimed_by: str | None = None
    stage: ApprovalStage
    revision: int
    opened_at: Moment
    deadline: Moment
    decided_at: Moment | None = None
    reviewer: str | None = None
    note: Content | None = None


class EscalationRecord(Contract):
    """`note`: what the reviewer told the agent."""

    type: Literal["escalation"] = "escalation"
    escalation_id: str
    session_id: str
    subject_id: str
    composition: str
    cause: EscalationCause
    reason: Content
    summary: Content
    recommended: Content
    stage: EscalationStage
    revision: int
    opened_at: Moment
    deadline: Moment
    decided_at: Moment | None = None
    reviewer: str | None = None
    note: Content | None = None


class CheckpointRecord(Contract):
    """`plan`: what the reviewer was shown; `note`: how the reviewer redirects it, or why it stops."""

    type: Literal["checkpoint"] = "checkpoint"
    checkpoint_id: str
    task_id: str
    step_id: str | None = None
    session_id: str
    subject_id: str
    composition: str
    rule_id: str
    at: str
    why: str
    plan: Content
    digest: str
    stage: CheckpointStage
    revision: int
    opened_at: Moment
    deadline: Moment
    decided_at: Moment | None = None
    reviewer: str | None = None
    note: Content | None = None


class DecisionRecord(Contract):
    """A decision that arrived, effective or refused. `approval_id` names what it is about: an approval, or whatever
    else waited for a person."""

    type: Literal["decision"] = "decision"
    approval_id: str
    number: int
    reviewer: str
    verdict: str
    accepted: bool
    reason: str
    remark: Content | None = None
    """The reviewer's words that the caller was not told."""
    channel: str
    at: Moment


class GrantRecord(Contract):
    """A grant of further calls. `terms` is JSON of `GrantTerms`; `session_id` and `digest` tell where it comes from."""

    type: Literal["grant"] = "grant"
    grant_id: str
    composition: str
    tool: str
    capability: str
    subject_id: str
    session_id: str
    scope: GrantScope
    terms: Content
    rule_id: str
    approval_id: str
    digest: str
    granted_by: str
    granted_at: Moment
    expires_at: Moment
    revision: int
    revoked_at: Moment | None = None
    revoked_by: str | None = None


class DeliveryRecord(Contract):
    type: Literal["delivery"] = "delivery"
    delivery_id: str
    subject_id: str
    session_id: str
    task_id: str
    topic: str
    state: DeliveryState
    revision: int
    attempts: int
    speech: Content
    heard_in: str | None = None
    created_at: Moment
    updated_at: Moment
    expires_at: Moment | None = None
    reason: str | None = None
    """Why it is in that state, where the state alone does not say."""
    webhook: WebhookState | None = None


class ArtifactRecord(Contract):
    """A product of a call, such as its summary. `body` is JSON of the type that `kind` names."""

    type: Literal["artifact"] = "artifact"
    artifact_id: str
    session_id: str
    subject_id: str
    kind: str
    body: Content
    created_at: Moment


class EffectEntry(Contract):
    """An effect that happened, or may have: what rules count. `amount` is what the tool's amount argument said."""

    type: Literal["effect"] = "effect"
    call_id: str
    composition: str
    tool: str
    subject_id: str
    session_id: str
    amount: float | None = None
    at: Moment


Record = Annotated[
    SessionRecord
    | TurnRecord
    | TaskRecord
    | StepRecord
    | ApprovalRecord
    | EscalationRecord
    | CheckpointRecord
    | DecisionRecord
    | GrantRecord
    | DeliveryRecord
    | ArtifactRecord
    | EffectEntry
    | AuditRecord,
    Field(discriminator="type"),
]


class RecordBatch(Contract):
    records: tuple[Record, ...]


class Absence(Contract):
    """From then on, until that moment, the reviewer decides nothing. One that ends before it begins is none."""

    since: Moment
    until: Moment


class ReviewerRecord(Contract):
    """A person who may decide. `capabilities` empty means every capability.

    `up_to`: for these capabilities only actions whose amount is known and no larger; `*` stands for all others.
    """

    name: str
    display_name: str
    groups: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    up_to: dict[str, float] = Field(default_factory=dict)
    absences: tuple[Absence, ...] = ()
    active: bool = True
