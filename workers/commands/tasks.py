"""`greenroom tasks`: what was delegated in calls, and telling a running task what to do."""

from __future__ import annotations

import asyncio
import getpass
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from contracts.task import ControlKind
from workers.commands.printing import AsJson, Limit, clock, print_json, print_table, records, unknown
from workers.commands.task_view import TaskStory, gather_task, show_task
from workers.ordering import raw_command, send
from workers.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="What was delegated in calls, and telling a running task what to do.")

By = Annotated[
    str, typer.Option(help="Who gives the order; it is noted in the audit trail.", default_factory=getpass.getuser)
]


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
        if not story.task.stage.final:
            print(f"To stop it and undo what it did: greenroom tasks cancel {task_id}")
            print(raw_command(load_settings(), task_id, ControlKind.CANCEL, {"by": "NAME"}))


@app.command("cancel")
def cancel(
    task_id: str,
    by: By,
    why: Annotated[str | None, typer.Option(help="Why; for the record.")] = None,
    as_json: AsJson = False,
) -> None:
    """Stop a task and undo what it did, newest first. Exit code 0 when the order counted, 1 when it was refused."""
    _order(task_id, ControlKind.CANCEL, by, as_json, **({"words": why} if why else {}))


@app.command("suspend")
def suspend(task_id: str, by: By, as_json: AsJson = False) -> None:
    """Start nothing more until it is resumed. Exit code 0 when the order counted, 1 when it was refused."""
    _order(task_id, ControlKind.SUSPEND, by, as_json)


@app.command("resume")
def resume(task_id: str, by: By, as_json: AsJson = False) -> None:
    """Let a suspended task go on. Exit code 0 when the order counted, 1 when it was refused."""
    _order(task_id, ControlKind.RESUME, by, as_json)


@app.command("correct")
def correct(
    task_id: str,
    by: By,
    words: Annotated[str, typer.Option(help="What is different: what has not run yet is planned anew.")],
    as_json: AsJson = False,
) -> None:
    """Have what has not run yet planned anew. Exit code 0 when the order counted, 1 when it was refused."""
    _order(task_id, ControlKind.CORRECT, by, as_json, words=words)


@app.command("extend")
def extend(
    task_id: str,
    by: By,
    seconds: Annotated[float, typer.Option(help="How much later its deadline is to be.")],
    as_json: AsJson = False,
) -> None:
    """Give a task more time. Exit code 0 when the order counted, 1 when it was refused."""
    _order(task_id, ControlKind.EXTEND, by, as_json, seconds=seconds)


def _order(task_id: str, kind: ControlKind, by: str, as_json: bool, **more: object) -> None:
    with records() as reader:
        task = reader.task(task_id)
        if task is None:
            raise unknown("task", task_id, [t.task_id for t in reader.tasks(limit=10)])
    obeyed = asyncio.run(send(load_settings(), task, kind, {"by": by, **more}))
    if as_json:
        print_json(obeyed)
    else:
        result = "counted" if obeyed.accepted else "refused"
        print_table(
            Console(),
            f"Order to {task_id}",
            ("order", "by", "result", "task was"),
            [(kind.value, by, result, obeyed.stage.value if obeyed.stage else "")],
        )
        if not obeyed.accepted:
            Console(soft_wrap=True).print(Text(f"why: {obeyed.reason}"))
    if not obeyed.accepted:
        raise typer.Exit(1)
