"""Why something happened, told from the audit trail: what was known, decided, ruled, approved, done, said and heard."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from contracts import names
from contracts.audit import AuditEntry
from contracts.audit_events import ModelCalled, ToolCalled
from contracts.records import DeliveryRecord, TurnRecord
from contracts.session import Speaker
from store.reader import RecordReader

Relevant = Callable[[AuditEntry], bool]


class Told(BaseModel):
    """One entry with what it was about; None where that was erased."""

    entry_id: str
    at: datetime
    actor: str
    action: str
    target: str
    detail: dict[str, Any]
    contents: dict[str, str | None]


class Why(BaseModel):
    """`workflows`: id to address in the Temporal Web UI. Every list is in the order of the chain."""

    id: str
    kind: str
    session_id: str
    summary: str
    known: list[Told]
    decided: list[Told]
    rules: list[Told]
    approved: list[Told]
    happened: list[Told]
    said: list[Told]
    turns: list[TurnRecord]
    deliveries: list[DeliveryRecord]
    workflows: dict[str, str]


class _Subject(BaseModel):
    """What an id names."""

    kind: str
    session_id: str
    summary: str
    workflows: list[str] = []
    task_id: str | None = None
    turns: list[TurnRecord] = []


def explain(reader: RecordReader, wanted: str, address: Callable[[str], str], session: str | None = None) -> Why | None:
    """The story of `wanted`: a task, `TASK/STEP`, an approval, a tool call, a turn, an escalation, a checkpoint, a
    delivery, a session, or with `session` words that were spoken in it. None when it names nothing."""
    subject, relevant = _find(reader, wanted, session)
    if subject is None:
        return None
    trail = reader.audit(subject.session_id)
    chosen = [entry for entry in trail if relevant(entry)]
    contents = reader.exhibits(digest for entry in chosen for digest in entry.exhibits.values())
    told = [(entry, _told(entry, {d: c.body for d, c in contents.items()})) for entry in chosen]
    deliveries = [
        d for d in reader.deliveries(session_id=subject.session_id) if subject.task_id and d.task_id == subject.task_id
    ]
    models = [t for e, t in told if isinstance(e.event, ModelCalled)]
    kinds = {
        "rules": ("policy",),
        "approved": ("approval", "decision", "grant", "checkpoint", "escalation"),
        "happened": ("tool", "effect", "task", "task_order", "handoff", "role", "session", "degraded"),
        "said": ("delivery", "webhook", "caller", "summary"),
    }
    parts = {name: [t for e, t in told if e.event.kind in of] for name, of in kinds.items()}
    return Why(
        id=wanted,
        kind=subject.kind,
        session_id=subject.session_id,
        summary=subject.summary,
        known=models[-1:],
        decided=models,
        turns=subject.turns,
        deliveries=deliveries,
        workflows={workflow_id: address(workflow_id) for workflow_id in subject.workflows},
        **parts,
    )


def _find(reader: RecordReader, wanted: str, session: str | None) -> tuple[_Subject | None, Relevant]:
    for find in (_task, _step, _approval, _review, _call, _turn, _delivery, _session):
        found = find(reader, wanted)
        if found is not None:
            return found
    if session is not None:
        said = [t for t in reader.turns(session) if wanted.lower() in t.turn.text.body.lower()]
        if said:
            return _of_turn(reader, said[-1])
    return None, lambda _: False


def _task(reader: RecordReader, wanted: str) -> tuple[_Subject, Relevant] | None:
    task = reader.task(wanted)
    if task is None:
        return None
    flows = [names.task_workflow_id(wanted)]
    flows += [names.step_workflow_id(wanted, step.step_id) for step in reader.steps(wanted)]
    flows += [
        names.approval_workflow_id(a.approval_id)
        for a in reader.approvals(session_id=task.session_id)
        if a.task_id == wanted
    ]
    goal = f"{task.stage.value}: {task.goal.body}"
    subject = _Subject(kind="task", session_id=task.session_id, summary=goal, workflows=flows, task_id=wanted)
    approvals = {flow for flow in flows if flow.startswith("approval/")}
    return subject, lambda e: e.target in (wanted, *approvals) or _task_of(e) == wanted


def _step(reader: RecordReader, wanted: str) -> tuple[_Subject, Relevant] | None:
    task_id, _, step_id = wanted.partition("/")
    task = reader.task(task_id)
    step = next((s for s in reader.steps(task_id) if s.step_id == step_id), None) if task else None
    if task is None or step is None:
        return None
    status = step.status.value if step.status else "running"
    asked = [a for a in reader.approvals(session_id=task.session_id) if (a.task_id, a.step_id) == (task_id, step_id)]
    approvals = [names.approval_workflow_id(a.approval_id) for a in asked]
    return _Subject(
        kind="step",
        session_id=task.session_id,
        summary=f"{status} by {step.role}: {step.goal.body}",
        workflows=[names.step_workflow_id(task_id, step_id), *approvals],
    ), lambda e: e.target in approvals or (_task_of(e), getattr(e.event, "step", None)) == (task_id, step_id)


def _approval(reader: RecordReader, wanted: str) -> tuple[_Subject, Relevant] | None:
    approval = reader.approval(wanted)
    if approval is None:
        return None
    flow = names.approval_workflow_id(wanted)
    step = (approval.task_id, approval.step_id)
    return _Subject(
        kind="approval",
        session_id=approval.session_id,
        summary=f"{approval.stage.value}: {approval.action.body}",
        workflows=[flow, names.step_workflow_id(*step)],
        task_id=approval.task_id,
    ), lambda e: e.target == flow or (_task_of(e), getattr(e.event, "step", None)) == step


def _review(reader: RecordReader, wanted: str) -> tuple[_Subject, Relevant] | None:
    if (escalation := reader.escalation(wanted)) is not None:
        flow, session_id = names.escalation_workflow_id(wanted), escalation.session_id
        kind, summary = "escalation", f"{escalation.stage.value}: {escalation.reason.body}"
    elif (checkpoint := reader.checkpoint(wanted)) is not None:
        flow, session_id = names.checkpoint_workflow_id(wanted), checkpoint.session_id
        kind, summary = "checkpoint", f"{checkpoint.stage.value}: {checkpoint.why}"
    else:
        return None
    subject = _Subject(kind=kind, session_id=session_id, summary=summary, workflows=[flow])
    return subject, lambda e: e.target == flow


def _call(reader: RecordReader, wanted: str) -> tuple[_Subject, Relevant] | None:
    entry = reader.audit_entry(wanted)
    if entry is None or not isinstance(entry.event, ToolCalled):
        return None
    event = entry.event
    summary = f"{entry.target}: {event.state}"
    thought = _last_model(reader.audit(entry.session_id), entry)
    if event.task and event.step:
        approvals = [names.approval_workflow_id(event.approval)] if event.approval else []
        flows = [names.step_workflow_id(event.task, event.step), *approvals]
        subject = _Subject(
            kind="tool call", session_id=entry.session_id, summary=summary, workflows=flows, task_id=event.task
        )
        ids = {wanted, f"policy/{wanted}", thought}
        return subject, lambda e: e.entry_id in ids or e.target in approvals
    # In the turn: the model that asked for it answered last before it.
    flow = names.session_workflow_id(entry.session_id)
    subject = _Subject(kind="tool call", session_id=entry.session_id, summary=summary, workflows=[flow])
    return subject, lambda e: e.entry_id in (wanted, thought)


def _last_model(trail: Sequence[AuditEntry], before: AuditEntry) -> str | None:
    found = None
    for entry in trail:
        same = entry.actor == before.actor and getattr(entry.event, "step", None) == getattr(before.event, "step", None)
        if isinstance(entry.event, ModelCalled) and same and entry.at <= before.at:
            found = entry.entry_id
    return found


def _turn(reader: RecordReader, wanted: str) -> tuple[_Subject, Relevant] | None:
    found = reader.turn(wanted)
    return None if found is None else _of_turn(reader, found)


def _of_turn(reader: RecordReader, said: TurnRecord) -> tuple[_Subject, Relevant]:
    """What was delivered is explained by the task that it came from, an answer by the caller's turn before it."""
    if (owed := _delivered(reader, said)) is not None and (found := _task(reader, owed.task_id)) is not None:
        task, of_task = found
        words = f"{said.turn.speaker.value}: {said.turn.text.body}"
        subject = task.model_copy(update={"kind": "turn", "summary": words, "turns": [said]})
        return subject, lambda e: e.target == owed.delivery_id or of_task(e)
    turns = [t for t in reader.turns(said.turn.session_id) if t.turn.started_at <= said.turn.started_at]
    asked = [t for t in turns if t.turn.speaker is Speaker.CALLER][-1:]
    told = asked if asked == [said] else [*asked, said]
    about = {t.turn.turn_id for t in told}
    heard = " (interrupted)" if said.turn.interrupted else ""
    subject = _Subject(
        kind="turn",
        session_id=said.turn.session_id,
        summary=f"{said.turn.speaker.value}: {said.turn.text.body}{heard}",
        workflows=[names.session_workflow_id(said.turn.session_id)],
        turns=told,
    )
    return subject, lambda e: getattr(e.event, "turn", None) in about


def _delivered(reader: RecordReader, said: TurnRecord) -> DeliveryRecord | None:
    """The delivery that was spoken in that turn, whole or in part."""
    if said.turn.speaker is Speaker.CALLER:
        return None
    spoken = said.turn.text.body
    owed = reader.deliveries(subject_id=said.turn.text.subject_id)
    return next(
        (d for d in owed if d.speech.body in spoken or (said.turn.interrupted and spoken in d.speech.body)), None
    )


def _delivery(reader: RecordReader, wanted: str) -> tuple[_Subject, Relevant] | None:
    delivery = reader.delivery(wanted)
    if delivery is None:
        return None
    return _Subject(
        kind="delivery",
        session_id=delivery.session_id,
        summary=f"{delivery.state.value}: {delivery.speech.body}",
        workflows=[names.inbox_workflow_id(delivery.subject_id)],
        task_id=delivery.task_id,
    ), lambda e: e.target == wanted


def _session(reader: RecordReader, wanted: str) -> tuple[_Subject, Relevant] | None:
    session = reader.session(wanted)
    if session is None:
        return None
    subject = _Subject(
        kind="session",
        session_id=wanted,
        summary=session.state,
        workflows=[names.session_workflow_id(wanted), names.audit_workflow_id(wanted)],
        turns=reader.turns(wanted),
    )
    return subject, lambda _: True


def _task_of(entry: AuditEntry) -> str | None:
    found: str | None = getattr(entry.event, "task", None)
    return found


def _told(entry: AuditEntry, contents: Mapping[str, str]) -> Told:
    return Told(
        entry_id=entry.entry_id,
        at=entry.at,
        actor=entry.actor,
        action=entry.action,
        target=entry.target,
        detail=entry.detail,
        contents={name: contents.get(digest) for name, digest in entry.exhibits.items()},
    )
