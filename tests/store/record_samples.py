"""Records for tests: one full sample of each kind, and hypothesis strategies for any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic import BaseModel

from contracts.approval import ApprovalStage
from contracts.audit import AuditRecord
from contracts.audit_events import ModelCalled, ToolCalled
from contracts.base import Content
from contracts.checkpoint import CheckpointStage
from contracts.context import LeftOut, Omission, RenderedContext
from contracts.delivery import DeliveryState
from contracts.escalation import EscalationCause, EscalationStage
from contracts.grants import GrantScope
from contracts.latency import Stage, TurnStages
from contracts.records import (
    ApprovalRecord,
    ArtifactRecord,
    CheckpointRecord,
    DecisionRecord,
    DeliveryRecord,
    EffectEntry,
    EscalationRecord,
    GrantRecord,
    Record,
    SessionRecord,
    StepRecord,
    TaskRecord,
    TurnRecord,
)
from contracts.session import Speaker, Turn
from contracts.task import StepStatus, TaskStage
from contracts.tools import ToolStatus

MORNING = datetime(2026, 11, 24, 9, 0, 0, 123456, tzinfo=UTC)
KINDS: tuple[type[Any], ...] = (
    SessionRecord, TurnRecord, TaskRecord, StepRecord, ApprovalRecord, EscalationRecord, CheckpointRecord,
    DecisionRecord, GrantRecord, DeliveryRecord, ArtifactRecord, EffectEntry, AuditRecord,
)  # fmt: skip


def said(body: str, subject_id: str = "subject-1") -> Content:
    return Content(subject_id=subject_id, body=body)


def session(session_id: str = "session-1", revision: int = 1, **changes: Any) -> SessionRecord:
    fields: dict[str, Any] = {
        "session_id": session_id, "room": "room-1", "subject_id": "subject-1", "composition": "support",
        "state": "open", "revision": revision, "opened_at": MORNING,
    }  # fmt: skip
    return SessionRecord(**fields | changes)


def turn(turn_id: str = "turn-1", session_id: str = "session-1", after: float = 0.0, **changes: Any) -> TurnRecord:
    fields: dict[str, Any] = {
        "turn_id": turn_id, "session_id": session_id, "epoch": 1, "role": "voice", "speaker": Speaker.CALLER,
        "text": said("Where is order 417?"), "started_at": MORNING + timedelta(seconds=after),
        "ended_at": MORNING + timedelta(seconds=after + 1.5),
    }  # fmt: skip
    return TurnRecord(turn=Turn(**fields | changes))


def task(task_id: str = "task-1", revision: int = 1, **changes: Any) -> TaskRecord:
    fields: dict[str, Any] = {
        "task_id": task_id, "session_id": "session-1", "subject_id": "subject-1", "composition": "support",
        "stage": TaskStage.PLANNING, "revision": revision, "goal": said("refund order 417"),
        "requested_at": MORNING, "updated_at": MORNING + timedelta(seconds=revision),
    }  # fmt: skip
    return TaskRecord(**fields | changes)


def step(step_id: str = "step-1", revision: int = 1, **changes: Any) -> StepRecord:
    fields: dict[str, Any] = {
        "task_id": "task-1", "step_id": step_id, "role": "operator", "goal": said("issue the refund"), "status": None,
        "revision": revision, "updated_at": MORNING,
    }  # fmt: skip
    return StepRecord(**fields | changes)


def approval(approval_id: str = "approval-1", revision: int = 1, **changes: Any) -> ApprovalRecord:
    fields: dict[str, Any] = {
        "approval_id": approval_id, "task_id": "task-1", "step_id": "step-1", "session_id": "session-1",
        "subject_id": "subject-1", "composition": "support", "tool": "refund", "capability": "billing.refund",
        "action": said("Refund 240.00 for order 417"), "arguments": said('{"amount": 240.0}'), "digest": "d" * 64,
        "rule_id": "refund-over-100", "why": "refunds over 100 need a person", "stage": ApprovalStage.PENDING,
        "revision": revision, "opened_at": MORNING, "deadline": MORNING + timedelta(minutes=10),
    }  # fmt: skip
    return ApprovalRecord(**fields | changes)


def escalation(escalation_id: str = "escalation-1", revision: int = 1, **changes: Any) -> EscalationRecord:
    fields: dict[str, Any] = {
        "escalation_id": escalation_id, "session_id": "session-1", "subject_id": "subject-1", "composition": "support",
        "cause": EscalationCause.CALLER, "reason": said("wants a person"), "summary": said("caller: a person, please"),
        "recommended": said("Take the call over."), "stage": EscalationStage.OPEN, "revision": revision,
        "opened_at": MORNING, "deadline": MORNING + timedelta(minutes=2),
    }  # fmt: skip
    return EscalationRecord(**fields | changes)


def checkpoint(checkpoint_id: str = "checkpoint-1", revision: int = 1, **changes: Any) -> CheckpointRecord:
    fields: dict[str, Any] = {
        "checkpoint_id": checkpoint_id, "task_id": "task-1", "session_id": "session-1", "subject_id": "subject-1",
        "composition": "support", "rule_id": "plans", "at": "plan", "why": "plans with effects", "digest": "d" * 64,
        "plan": said("1. refund order 417"), "stage": CheckpointStage.OPEN, "revision": revision,
        "opened_at": MORNING, "deadline": MORNING + timedelta(minutes=2),
    }  # fmt: skip
    return CheckpointRecord(**fields | changes)


def decision(number: int = 1, **changes: Any) -> DecisionRecord:
    fields: dict[str, Any] = {
        "approval_id": "approval-1", "number": number, "reviewer": "ann", "verdict": "approve", "accepted": True,
        "reason": "", "channel": "signal", "at": MORNING,
    }  # fmt: skip
    return DecisionRecord(**fields | changes)


def grant(grant_id: str = "approval-1.grant", revision: int = 1, **changes: Any) -> GrantRecord:
    fields: dict[str, Any] = {
        "grant_id": grant_id, "composition": "support", "tool": "refund", "capability": "billing.refund",
        "subject_id": "subject-1", "session_id": "session-1", "scope": GrantScope.SUBJECT,
        "terms": said('{"arguments":{"amount":240.0},"vary":{}}'), "rule_id": "refund-over-100",
        "approval_id": "approval-1", "digest": "d" * 64, "granted_by": "ann", "granted_at": MORNING,
        "expires_at": MORNING + timedelta(hours=1), "revision": revision,
    }  # fmt: skip
    return GrantRecord(**fields | changes)


def delivery(delivery_id: str = "delivery-1", revision: int = 1, **changes: Any) -> DeliveryRecord:
    fields: dict[str, Any] = {
        "delivery_id": delivery_id, "subject_id": "subject-1", "session_id": "session-1", "task_id": "task-1",
        "topic": "outcome", "state": DeliveryState.OWED, "revision": revision, "attempts": 0,
        "speech": said("Your refund is on its way."), "created_at": MORNING, "updated_at": MORNING,
        "expires_at": MORNING + timedelta(days=7), "reason": "interrupted",
    }  # fmt: skip
    return DeliveryRecord(**fields | changes)


def artifact(artifact_id: str = "artifact-1", **changes: Any) -> ArtifactRecord:
    fields: dict[str, Any] = {
        "artifact_id": artifact_id, "session_id": "session-1", "subject_id": "subject-1", "kind": "summary",
        "body": said("{}"), "created_at": MORNING,
    }  # fmt: skip
    return ArtifactRecord(**fields | changes)


def effect(call_id: str = "task-1/step-1/1", **changes: Any) -> EffectEntry:
    fields: dict[str, Any] = {
        "call_id": call_id, "composition": "support", "tool": "refund", "subject_id": "subject-1",
        "session_id": "session-1", "amount": 12.5, "at": MORNING,
    }  # fmt: skip
    return EffectEntry(**fields | changes)


def audit(entry_id: str = "entry-1", session_id: str = "session-1", **changes: Any) -> AuditRecord:
    fields: dict[str, Any] = {
        "entry_id": entry_id, "session_id": session_id, "at": MORNING, "actor": "role:voice", "target": "refund",
        "event": ToolCalled(state=ToolStatus.OK, call="call-1", epoch=1),
    }  # fmt: skip
    return AuditRecord(**fields | changes)


FULL: tuple[Record, ...] = (
    session(state="ended", ended_at=MORNING + timedelta(minutes=3), end_reason="caller hung up"),
    turn(
        interrupted=True,
        latency_ms=812.4375,
        speaker=Speaker.AGENT,
        stages=TurnStages(total=812.4375, stt=400.5, missed=Stage.STT),
        told=RenderedContext(
            at=MORNING,
            budget=100,
            tokens=5,
            included=("summary",),
            left_out=(LeftOut(item_id="doc/1", reason=Omission.STALE),),
        ),
    ),
    task(speech=said("It is refunded."), stage=TaskStage.DONE),
    step(status=StepStatus.DONE, answer=said("refunded", subject_id="subject-2")),
    approval(
        stage=ApprovalStage.APPROVED,
        decided_at=MORNING,
        reviewer="ann",
        note=said("with an apology", "subject-3"),
        context_pack=said("wants money back"),
        editable=("amount",),
        approvers=2,
        approved_by=("ben", "ann"),
        edited_action=said("Refund 100.00"),
        edited_arguments=said("{}"),
        edited_digest="e" * 64,
        asked=said("ann asked: was it opened?"),
    ),
    escalation(
        stage=EscalationStage.RESUMED, decided_at=MORNING, reviewer="ann", note=said("he is right", "subject-2")
    ),
    checkpoint(
        stage=CheckpointStage.REDIRECTED, decided_at=MORNING, reviewer="ann", note=said("mail first"), step_id="step-1"
    ),
    decision(accepted=False, reason="late", remark=said("was drunk")),
    grant(revision=2, revoked_at=MORNING, revoked_by="ben"),
    delivery(state=DeliveryState.HEARD, attempts=2, heard_in="session-2"),
    artifact(body=said('{"summary": "…"}')),
    effect(),
    audit(
        target="ä\x00\x1a",
        event=ModelCalled(
            state="answered",
            purpose="turn",
            model="house-1",
            prompt="1f0c9a2b7d3e",
            tokens_in=900,
            tokens_out=12,
            parameters={"temperature": 1.0, "seed": 10**30, "stream": True},
            milliseconds=310,
            epoch=2,
        ),
        exhibits={"input": said("[]\x00"), "output": said("yes", "subject-3")},
    ),
)
"""One record of each kind with every optional field set."""

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["\x00", "\x1a0", "\x1a\x1a1"]
)
_SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXTS,
    int: st.integers(min_value=1, max_value=2**31 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False).map(lambda value: value + 0.0),  # SQLite knows one zero
    bool: st.booleans(),
    NoneType: st.none(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


def any_record(kind: type[BaseModel]) -> st.SearchStrategy[Any]:
    """Any valid record of `kind`, drawn from its own fields, so that a new field is tested without a change here."""
    fields = {name: _values(field.annotation) for name, field in kind.model_fields.items() if name != "v"}
    return st.builds(kind, **fields)


def _values(annotation: Any) -> st.SearchStrategy[Any]:
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _values(arguments[0])
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        return st.one_of(*(_values(argument) for argument in arguments))
    if origin is dict:
        return st.dictionaries(_values(arguments[0]), _values(arguments[1]), max_size=4)
    if origin is tuple:
        return st.lists(_values(arguments[0]), max_size=3).map(tuple)
    if issubclass(annotation, StrEnum):
        return st.sampled_from(annotation)
    if issubclass(annotation, BaseModel):
        return any_record(annotation)
    raise TypeError(f"no values for {annotation}: teach record_samples")
