"""One task as it is told from the records."""

from __future__ import annotations

from pydantic import BaseModel
from rich.console import Console
from rich.text import Text

from contracts.records import ApprovalRecord, DecisionRecord, DeliveryRecord, StepRecord, TaskRecord
from store.reader import RecordReader
from workers.commands.printing import clock, print_table
from workers.commands.session_view import show_approvals, show_deliveries


class TaskStory(BaseModel):
    task: TaskRecord
    steps: list[StepRecord]
    approvals: list[ApprovalRecord]
    decisions: list[DecisionRecord]
    deliveries: list[DeliveryRecord]


def gather_task(reader: RecordReader, task_id: str) -> TaskStory | None:
    """Everything of one task; None when there is no such task."""
    task = reader.task(task_id)
    if task is None:
        return None
    approvals = [a for a in reader.approvals(session_id=task.session_id) if a.task_id == task_id]
    return TaskStory(
        task=task,
        steps=reader.steps(task_id),
        approvals=approvals,
        decisions=[d for a in approvals for d in reader.decisions(a.approval_id)],
        deliveries=[d for d in reader.deliveries(subject_id=task.subject_id) if d.task_id == task_id],
    )


def show_task(console: Console, story: TaskStory) -> None:
    task = story.task
    console.print(Text(f"Task {task.task_id}", "bold"))
    console.print(Text(f"{task.stage.value}: {task.goal.body}"))
    console.print(
        Text(f"session {task.session_id}, asked {clock(task.requested_at)}, changed {clock(task.updated_at)}")
    )
    if task.speech is not None:
        console.print(Text(f"outcome: {task.speech.body}"))
    steps = [
        (s.step_id, s.role, s.status.value if s.status else "running", s.goal.body, s.answer.body if s.answer else "")
        for s in story.steps
    ]
    print_table(console, "Steps", ("step", "role", "status", "goal", "answer"), steps)
    show_approvals(console, story.approvals)
    show_decisions(console, story.decisions)
    show_deliveries(console, story.deliveries)


def show_decisions(console: Console, decisions: list[DecisionRecord]) -> None:
    rows = [
        (d.number, d.reviewer, d.verdict, "counted" if d.accepted else "refused", d.reason, d.channel, clock(d.at))
        for d in decisions
    ]
    print_table(console, "Decisions", ("no.", "reviewer", "verdict", "result", "reason", "by", "at"), rows)
