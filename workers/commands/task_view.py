"""One task as it is told from the records."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel
from rich.console import Console
from rich.text import Text

from contracts.names import PART
from contracts.records import ApprovalRecord, CheckpointRecord, DecisionRecord, DeliveryRecord, StepRecord, TaskRecord
from store.reader import RecordReader
from workers.commands.printing import clock, print_table
from workers.commands.session_view import show_approvals, show_deliveries


class TaskStory(BaseModel):
    """`below`: the steps that are tasks of their own. `checkpoints`: oldest first."""

    task: TaskRecord
    steps: list[StepRecord]
    below: list[TaskStory]
    approvals: list[ApprovalRecord]
    checkpoints: list[CheckpointRecord]
    decisions: list[DecisionRecord]
    deliveries: list[DeliveryRecord]


def gather_task(reader: RecordReader, task_id: str) -> TaskStory | None:
    """Everything of one task; None when there is no such task."""
    task = reader.task(task_id)
    if task is None:
        return None
    approvals = [a for a in reader.approvals(session_id=task.session_id) if a.task_id == task_id]
    checkpoints = list(reversed(reader.checkpoints(task_id=task_id)))
    parts = (t for t in reader.tasks(below=task_id) if PART not in t.task_id.removeprefix(f"{task_id}{PART}"))
    below = (gather_task(reader, part.task_id) for part in sorted(parts, key=lambda part: part.task_id))
    return TaskStory(
        task=task,
        steps=reader.steps(task_id),
        below=[story for story in below if story is not None],
        approvals=approvals,
        checkpoints=checkpoints,
        decisions=[
            d
            for item in (*(a.approval_id for a in approvals), *(c.checkpoint_id for c in checkpoints))
            for d in reader.decisions(item)
        ],
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
    print_table(console, "Steps", ("step", "role", "status", "goal", "answer"), _steps(story))
    everything = [story, *_all_below(story)]
    show_approvals(console, [a for one in everything for a in one.approvals])
    show_checkpoints(console, [c for one in everything for c in one.checkpoints])
    show_decisions(console, [d for one in everything for d in one.decisions])
    show_deliveries(console, [d for one in everything for d in one.deliveries])


def _all_below(story: TaskStory) -> Iterator[TaskStory]:
    for part in story.below:
        yield part
        yield from _all_below(part)


def _steps(story: TaskStory, depth: int = 0) -> Iterator[tuple[str, ...]]:
    """One row a step; those of a task of its own stand indented below it."""
    parts = {part.task.task_id.rpartition(PART)[2]: part for part in story.below}
    for s in story.steps:
        status, answer = s.status.value if s.status else "running", s.answer.body if s.answer else ""
        yield ("  " * depth + s.step_id, s.role, status, s.goal.body, answer)
        if s.step_id in parts:
            yield from _steps(parts[s.step_id], depth + 1)


def show_checkpoints(console: Console, checkpoints: list[CheckpointRecord]) -> None:
    rows = [
        (
            c.checkpoint_id,
            place_of(c),
            c.stage.value,
            c.reviewer,
            clock(c.decided_at or c.deadline),
            c.note.body if c.note else "",
        )
        for c in checkpoints
    ]
    print_table(console, "Checkpoints", ("checkpoint", "at", "stage", "reviewer", "decided, or until", "note"), rows)


def place_of(checkpoint: CheckpointRecord) -> str:
    """Where in the plan it stands, for people to read."""
    return checkpoint.at.replace("_", " ") + (f" {checkpoint.step_id}" if checkpoint.step_id else "")


def show_decisions(console: Console, decisions: list[DecisionRecord]) -> None:
    rows = [
        (d.number, d.reviewer, d.verdict, "counted" if d.accepted else "refused", d.reason, d.channel, clock(d.at))
        for d in decisions
    ]
    print_table(console, "Decisions", ("no.", "reviewer", "verdict", "result", "reason", "by", "at"), rows)
