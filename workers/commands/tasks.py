"""`greenroom tasks`: what was delegated in calls, from the records."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from workers.commands.printing import AsJson, Limit, clock, print_json, print_table, records, unknown
from workers.commands.task_view import TaskStory, gather_task, show_task

app = typer.Typer(no_args_is_help=True, help="What was delegated in calls, from the records.")


@app.command("ls")
def list_tasks(
    session: Annotated[str | None, typer.Option(help="Only those of this session.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only those of this subject.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List tasks, newest first."""
    with records() as reader:
        found = reader.tasks(session_id=session, subject_id=subject, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (t.task_id, t.session_id, t.stage.value, clock(t.requested_at), clock(t.updated_at), t.goal.body) for t in found
    ]
    print_table(Console(), "Tasks", ("task", "session", "stage", "requested", "changed", "goal"), rows)


@app.command("show")
def show(task_id: str, as_json: AsJson = False) -> None:
    """Show one task: its steps, its approvals, what the caller was told."""
    with records() as reader:
        story: TaskStory | None = gather_task(reader, task_id)
        if story is None:
            raise unknown("task", task_id, [t.task_id for t in reader.tasks(limit=10)])
    if as_json:
        print_json(story)
    else:
        show_task(Console(), story)
