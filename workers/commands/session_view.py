"""One call as it is told from the records."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel
from rich.console import Console
from rich.text import Text

from contracts.audit import AuditEntry
from contracts.base import Moment
from contracts.records import (
    ApprovalRecord,
    ArtifactRecord,
    DeliveryRecord,
    EscalationRecord,
    SessionRecord,
    TaskRecord,
    TurnRecord,
)
from contracts.summary import ActionItem, Summary
from store.reader import RecordReader
from workers.commands.printing import clock, milliseconds, print_table, time_of_day


class Attended(BaseModel):
    """One agent that took part."""

    role: str
    epoch: int
    identity: str
    joined_at: Moment


class Story(BaseModel):
    session: SessionRecord
    attended: list[Attended]
    turns: list[TurnRecord]
    tasks: list[TaskRecord]
    approvals: list[ApprovalRecord]
    escalations: list[EscalationRecord]
    deliveries: list[DeliveryRecord]
    summary: Summary | None


def gather(reader: RecordReader, session_id: str) -> Story | None:
    """Everything of one call; None when there is no such call."""
    session = reader.session(session_id)
    if session is None:
        return None
    return Story(
        session=session,
        attended=attended(reader.audit(session_id)),
        turns=reader.turns(session_id),
        tasks=sorted(reader.tasks(session_id=session_id), key=lambda t: t.requested_at),
        approvals=sorted(reader.approvals(session_id=session_id), key=lambda a: a.opened_at),
        escalations=sorted(reader.escalations(session_id=session_id), key=lambda e: e.opened_at),
        deliveries=sorted(reader.deliveries(session_id=session_id), key=lambda d: d.created_at),
        summary=summary_of(reader.artifacts(session_id)),
    )


def attended(entries: list[AuditEntry]) -> list[Attended]:
    """Every agent that was present, in the order of joining, from the audit trail."""
    seen: dict[tuple[str, int], Attended] = {}
    for entry in entries:
        if entry.action == "role.present":
            role, epoch = entry.target.rpartition("/")[2], int(entry.detail.get("epoch") or 0)
            identity = str(entry.detail.get("identity") or "")
            seen.setdefault((role, epoch), Attended(role=role, epoch=epoch, identity=identity, joined_at=entry.at))
    return list(seen.values())


def summary_of(artifacts: list[ArtifactRecord]) -> Summary | None:
    bodies = [a.body.body for a in artifacts if a.kind == "summary"]
    return Summary.model_validate_json(bodies[-1]) if bodies else None


def show_session(console: Console, story: Story) -> None:
    session = story.session
    ended = f", ended {clock(session.ended_at)} ({session.end_reason})" if session.ended_at else ""
    console.print(Text(f"Session {session.session_id}", "bold"))
    console.print(Text(f"{session.composition} for {session.subject_id}: {session.state}"))
    console.print(Text(f"opened {clock(session.opened_at)}{ended}, room {session.room}"))
    rows: list[tuple[object, ...]] = [("caller", "", f"caller-{session.session_id}", clock(session.opened_at))]
    rows += [(a.role, a.epoch, a.identity, clock(a.joined_at)) for a in story.attended]
    print_table(console, "Participants", ("role", "epoch", "identity", "from"), rows)
    turns = [
        (
            time_of_day(t.turn.started_at),
            t.turn.speaker.value if t.turn.epoch <= 1 else f"{t.turn.speaker.value} ({t.turn.epoch})",
            t.turn.text.body + (" (interrupted)" if t.turn.interrupted else ""),
            milliseconds(t.turn.latency_ms),
        )
        for t in story.turns
    ]
    print_table(console, "Turns", ("at", "who", "what", "latency"), turns)
    show_tasks(console, story.tasks)
    show_approvals(console, story.approvals)
    if story.escalations:
        show_escalations(console, story.escalations)
    show_deliveries(console, story.deliveries)
    if story.summary is not None:
        show_summary(console, story.summary)


def show_tasks(console: Console, tasks: list[TaskRecord]) -> None:
    rows = [(t.task_id, t.stage.value, t.goal.body, t.speech.body if t.speech else "") for t in tasks]
    print_table(console, "Tasks", ("task", "stage", "goal", "outcome"), rows)


def show_approvals(console: Console, approvals: list[ApprovalRecord]) -> None:
    rows = [
        (a.approval_id, a.stage.value, a.action.body, a.reviewer, clock(a.decided_at or a.deadline), a.digest[:12])
        for a in approvals
    ]
    headings = ("approval", "stage", "action", "reviewer", "decided, or until", "digest")
    print_table(console, "Approvals", headings, rows)


def show_escalations(console: Console, escalations: Sequence[EscalationRecord]) -> None:
    rows = [
        (e.escalation_id, e.stage.value, e.cause.value, e.reviewer, clock(e.decided_at or e.deadline))
        for e in escalations
    ]
    headings = ("escalation", "stage", "because of", "reviewer", "decided, or until")
    print_table(console, "Escalations", headings, rows)


def show_deliveries(console: Console, deliveries: list[DeliveryRecord]) -> None:
    rows = [(d.delivery_id, d.state.value, d.attempts, d.heard_in, d.speech.body) for d in deliveries]
    print_table(console, "Deliveries", ("delivery", "state", "attempts", "heard in", "words"), rows)


def show_summary(console: Console, summary: Summary) -> None:
    console.print(Text("Summary", "bold"))
    console.print(Text(summary.summary.body))
    for title, lines in (
        ("Decisions", [d.text.body for d in summary.decisions]),
        ("Action items", [_item(i) for i in summary.action_items]),
        ("Open questions", [q.text.body for q in summary.open_questions]),
        ("Promises", [p.text.body for p in summary.promises]),
    ):
        if lines:
            console.print(Text(title, "bold"))
            for line in lines:
                console.print(Text(f"- {line}"))


def _item(item: ActionItem) -> str:
    due = item.due.isoformat() if item.due else item.due_words.body if item.due_words else None
    return item.text.body + (f" [{item.owner.value}]" if item.owner else "") + (f" until {due}" if due else "")
