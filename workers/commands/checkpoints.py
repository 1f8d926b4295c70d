"""`greenroom checkpoints`: plans that wait for a person, and the person's decision."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from contracts.checkpoint import CheckpointStage, CheckpointVerdict
from contracts.names import checkpoint_workflow_id
from contracts.records import CheckpointRecord
from contracts.review import CLAIM, RELEASE
from store.reader import RecordReader
from workers.commands.printing import AsJson, Limit, clock, print_json, print_table, records, unknown
from workers.commands.ruling import Digest, Note, Reviewer, decide
from workers.commands.task_view import place_of, show_decisions
from workers.plan_editing import plan_to_edit, read_plan
from workers.sending import Addressee, raw_command
from workers.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Plans that wait for a person, and the person's decision.")


@app.command("ls")
def list_checkpoints(
    stage: Annotated[CheckpointStage | None, typer.Option(help="Only those at this stage.")] = None,
    task: Annotated[str | None, typer.Option(help="Only those of this task.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List checkpoints, newest first."""
    with records() as reader:
        found = reader.checkpoints(stage, task_id=task, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (c.checkpoint_id, c.stage.value, place_of(c), c.why, clock(c.deadline), c.reviewer, c.digest[:12])
        for c in found
    ]
    headings = ("checkpoint", "stage", "at", "why", "deadline", "reviewer", "digest")
    print_table(Console(), "Checkpoints", headings, rows)


@app.command("show")
def show(checkpoint_id: str, as_json: AsJson = False) -> None:
    """Show one checkpoint: the plan and what came of it so far, every decision, and how to decide."""
    with records() as reader:
        found = _find(reader, checkpoint_id)
        decisions = reader.decisions(checkpoint_id)
    raw = {"reviewer": "NAME", "verdict": CheckpointVerdict.APPROVE.value, "digest": found.digest[:12]}
    command = raw_command(load_settings(), checkpoint_workflow_id(checkpoint_id), raw)
    if as_json:
        print_json({"checkpoint": found, "decisions": decisions, "signal_command": command})
        return
    console = Console()
    rows = (
        ("plan", found.plan.body),
        ("at", place_of(found)),
        ("why it waits", f"{found.why} (rule {found.rule_id})"),
        ("digest", found.digest),
        ("stage", found.stage.value + (f" by {found.reviewer}" if found.reviewer else "")),
        ("opened", clock(found.opened_at)),
        ("deadline", clock(found.deadline)),
        ("decided", clock(found.decided_at)),
        ("note", found.note.body if found.note else ""),
        ("task", found.task_id),
        ("session", found.session_id),
    )
    print_table(console, f"Checkpoint {found.checkpoint_id}", ("", ""), rows)
    show_decisions(console, decisions)
    if found.stage is CheckpointStage.OPEN:
        console.print(Text("To decide:", "bold"))
        print(f"greenroom checkpoints approve {found.checkpoint_id} --reviewer NAME")
        print(f"greenroom checkpoints redirect {found.checkpoint_id} --reviewer NAME --note 'what to do instead'")
        print(
            f"greenroom checkpoints plan {found.checkpoint_id} > plan.yml    # edit it, then: redirect --plan plan.yml"
        )
        print(command)


@app.command("approve")
def approve(checkpoint_id: str, reviewer: Reviewer, digest: Digest = None, as_json: AsJson = False) -> None:
    """Let the plan go on as shown. Exit code 0 when it counted, 1 when it was refused."""
    _decide(checkpoint_id, reviewer, CheckpointVerdict.APPROVE.value, None, digest, as_json)


@app.command("redirect")
def redirect(
    checkpoint_id: str,
    reviewer: Reviewer,
    note: Annotated[str | None, typer.Option(help="What to do instead: what has not run is planned anew.")] = None,
    plan: Annotated[
        Path | None, typer.Option(help="What has not run, edited: YAML or JSON, as 'plan' prints it.", exists=True)
    ] = None,
    digest: Digest = None,
    as_json: AsJson = False,
) -> None:
    """Have something else done than what has not run. Exit code 0 when it counted, 1 when it was refused."""
    if note is None and plan is None:
        raise typer.BadParameter("say what is to be done instead: --note WORDS, or --plan FILE")
    edited = read_plan(plan) if plan is not None else None
    _decide(checkpoint_id, reviewer, CheckpointVerdict.REDIRECT.value, note, digest, as_json, edited)


@app.command("plan")
def plan(checkpoint_id: str) -> None:
    """Print what has not run yet, as YAML, to be edited and given back with 'redirect --plan FILE'."""
    with records() as reader:
        _find(reader, checkpoint_id)
    print(asyncio.run(plan_to_edit(load_settings(), checkpoint_id)), end="")


@app.command("reject")
def reject(
    checkpoint_id: str, reviewer: Reviewer, note: Note = None, digest: Digest = None, as_json: AsJson = False
) -> None:
    """Stop the task here; what was done stands. Exit code 0 when it counted, 1 when it was refused."""
    _decide(checkpoint_id, reviewer, CheckpointVerdict.REJECT.value, note, digest, as_json)


@app.command("claim")
def claim(checkpoint_id: str, reviewer: Reviewer, as_json: AsJson = False) -> None:
    """Show the others that you look into it; they may still decide. Exit code 0 when it counted, 1 when refused."""
    _decide(checkpoint_id, reviewer, CLAIM, None, None, as_json)


@app.command("release")
def release(checkpoint_id: str, reviewer: Reviewer, as_json: AsJson = False) -> None:
    """Take your claim back. Exit code 0 when it counted, 1 when it was refused."""
    _decide(checkpoint_id, reviewer, RELEASE, None, None, as_json)


def _decide(
    checkpoint_id: str,
    reviewer: str,
    verdict: str,
    note: str | None,
    digest: str | None,
    as_json: bool,
    edited: object = None,
) -> None:
    with records() as reader:
        found = _find(reader, checkpoint_id)
    workflow_id, look = checkpoint_workflow_id(checkpoint_id), "greenroom checkpoints show"
    to = Addressee(workflow_id, checkpoint_id, found.session_id, found.subject_id, look)
    sent: dict[str, object] = {
        "reviewer": reviewer,
        "verdict": verdict,
        "digest": digest or found.digest,
        "note": note or None,
        "plan": edited,
    }
    decide(to, sent, as_json)


def _find(reader: RecordReader, checkpoint_id: str) -> CheckpointRecord:
    found = reader.checkpoint(checkpoint_id)
    if found is None:
        raise unknown("checkpoint", checkpoint_id, [c.checkpoint_id for c in reader.checkpoints(limit=10)])
    return found
