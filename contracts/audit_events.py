"""What the audit trail tells, one type a kind of cause. No field holds content."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

from pydantic import Field

from contracts.approval import ApprovalStage
from contracts.base import Contract, Moment
from contracts.delivery import DeliveryState, WebhookState
from contracts.escalation import EscalationCause
from contracts.session import CallerPresence, RoleHealth
from contracts.task import StepStatus, TaskStage
from contracts.tools import ToolStatus


class Event(Contract):
    """What happened. `kind` is the type, `state` what became of it."""

    kind: str
    state: str

    @property
    def action(self) -> str:
        """The event in one word pair, such as `tool.ok`."""
        return f"{self.kind}.{self.state}"


class SessionMoved(Event):
    kind: Literal["session"] = "session"
    state: Literal["opened", "ended"]
    reason: str | None = None
    turns: int | None = None


class CallerMoved(Event):
    kind: Literal["caller"] = "caller"
    state: CallerPresence


class RoleMoved(Event):
    """A live role is dispatched (`joining`), attends, is suspected, is lost, and is dispatched anew: a higher epoch."""

    kind: Literal["role"] = "role"
    state: RoleHealth
    epoch: int
    reason: str | None = None
    identity: str | None = None


class ModelCalled(Event):
    """One call of a chat model. Exhibits: `input`, the exact request as JSON; `output`, what was used of the answer.

    `purpose`: turn, plan, think or summarize. `prompt` is the version of what the role is told: a digest of its
    instructions, which hold nothing about a person. `attempt` counts the tries of one purpose, from 1.
    """

    kind: Literal["model"] = "model"
    state: Literal["answered", "failed", "malformed", "interrupted"]
    purpose: str
    model: str
    answered_by: str | None = None
    """The model's name as the service gave it."""
    parameters: dict[str, str | int | float | bool] = Field(default_factory=dict)
    prompt: str
    prompt_characters: int | None = None
    """How much of the first message the instructions are."""
    tokens_in: int | None = None
    tokens_out: int | None = None
    milliseconds: int
    attempt: int = 1
    error: str | None = None
    task: str | None = None
    step: str | None = None
    turn: str | None = None
    epoch: int | None = None


def prompt_version(instructions: str) -> str:
    """Short digest of what a role is told always."""
    return hashlib.sha256(instructions.encode()).hexdigest()[:12]


class PolicyRuled(Event):
    """Which rule decided about one call, before it was made. Exhibits: `circumstances`, all it depended on."""

    kind: Literal["policy"] = "policy"
    state: Literal["free", "gated", "refused"]
    rule: str | None = None
    reason: str
    call: str
    task: str | None = None
    step: str | None = None


class ToolCalled(Event):
    """One tool call, or one that was not made. Exhibits: `arguments`, `result`."""

    kind: Literal["tool"] = "tool"
    state: ToolStatus
    call: str | None = None
    reason: str | None = None
    epoch: int | None = None
    turn: str | None = None
    task: str | None = None
    step: str | None = None
    key: str | None = None
    rule: str | None = None
    approval: str | None = None
    grant: str | None = None


class EffectUndone(Event):
    kind: Literal["effect"] = "effect"
    state: Literal["undone", "not_undone"]
    task: str
    step: str
    call: str
    by: str | None = None
    status: str


class TaskMoved(Event):
    kind: Literal["task"] = "task"
    state: TaskStage
    steps: int
    done: int


class TaskOrdered(Event):
    """Somebody told a task something: `order` is suspend, resume, correct, cancel, extend_deadline or event."""

    kind: Literal["task_order"] = "task_order"
    state: Literal["counted", "refused"]
    order: str
    reason: str | None = None
    channel: str

    @property
    def action(self) -> str:
        return f"task.{self.order}.{self.state}"


class HandedOff(Event):
    """A step is given to a role, or came back. Exhibits: `goal`; `answer`."""

    kind: Literal["handoff"] = "handoff"
    state: Literal["given"] | StepStatus
    task: str
    step: str
    role: str


class ApprovalMoved(Event):
    """`change` is what happened to it beside its stage, such as `edited`. Exhibits: `action`, `arguments`."""

    kind: Literal["approval"] = "approval"
    state: ApprovalStage
    change: str | None = None
    rule: str
    task: str
    step: str
    tool: str

    @property
    def action(self) -> str:
        return f"approval.{self.change or self.state}"


class Decided(Event):
    """A person's decision, counted or refused. Exhibits: `covers`, the digest that it was about; `edited`."""

    kind: Literal["decision"] = "decision"
    state: Literal["counted", "refused"]
    verdict: str
    reason: str
    channel: str | None = None
    signed: bool = False


class GrantMoved(Event):
    kind: Literal["grant"] = "grant"
    state: Literal["given", "revoked"]
    grant: str
    tool: str
    scope: str | None = None
    expires: Moment | None = None
    rule: str | None = None
    signed: bool = False


class EscalationMoved(Event):
    """`state` is a stage, or a rung of its ladder that was reached. Exhibits: `reason`, `summary`, `note`."""

    kind: Literal["escalation"] = "escalation"
    cause: EscalationCause
    reviewer: str | None = None
    to: str | None = None
    call_over: bool | None = None


class CheckpointMoved(Event):
    """`state` is a stage, or a rung of its ladder that was reached. Exhibits: `plan`, `note`."""

    kind: Literal["checkpoint"] = "checkpoint"
    task: str
    rule: str
    reviewer: str | None = None
    to: str | None = None


class DeliveryMoved(Event):
    """Exhibits: `speech`, while it is to be said."""

    kind: Literal["delivery"] = "delivery"
    state: DeliveryState
    attempt: int
    task: str | None = None
    reason: str | None = None
    webhook: WebhookState | None = None


class WebhookPosted(Event):
    kind: Literal["webhook"] = "webhook"
    state: WebhookState
    status: int | None = None

    @property
    def action(self) -> str:
        return f"delivery.webhook_{self.state}"


class ContentRead(Event):
    """A person looked at what people said."""

    kind: Literal["content"] = "content"
    state: Literal["read"]


class SummaryMade(Event):
    """`counts` of what it lists; `turns` that went into a rolling summary."""

    kind: Literal["summary"] = "summary"
    state: Literal["written", "rolled"]
    turns: int | None = None
    counts: dict[str, int] = Field(default_factory=dict)


class Degraded(Event):
    """What is done without, or done another way, because something failed or is overloaded."""

    kind: Literal["degraded"] = "degraded"
    reason: str
    epoch: int | None = None
    turn: str | None = None


AuditEvent = Annotated[
    SessionMoved
    | CallerMoved
    | RoleMoved
    | ModelCalled
    | PolicyRuled
    | ToolCalled
    | EffectUndone
    | TaskMoved
    | TaskOrdered
    | HandedOff
    | ApprovalMoved
    | Decided
    | GrantMoved
    | EscalationMoved
    | CheckpointMoved
    | DeliveryMoved
    | WebhookPosted
    | SummaryMade
    | ContentRead
    | Degraded,
    Field(discriminator="kind"),
]
