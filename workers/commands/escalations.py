"""`greenroom escalations`: calls that wait for a person, and the person's decision."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from contracts.escalation import EscalationStage, EscalationVerdict
from contracts.names import escalation_workflow_id
from contracts.records import EscalationRecord
from contracts.review import CLAIM, RELEASE
from store.reader import RecordReader
from workers.commands.printing import AsJson, Limit, clock, print_json, print_table, records, unknown
from workers.commands.ruling import Reviewer, decide
from workers.commands.session_view import show_escalations
from workers.commands.task_view import show_decisions
from workers.sending import Addressee, raw_command
from workers.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Calls that wait for a person, and the person's decision.")


@app.command("ls")
def list_escalations(
    stage: Annotated[EscalationStage | None, typer.Option(help="Only those at this stage.")] = None,
    session: Annotated[str | None, typer.Option(help="Only those of this session.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List escalations, newest first."""
    with records() as reader:
        found = reader.escalations(stage, session_id=session, limit=limit)
    if as_json:
        print_json(found)
    else:
        show_escalations(Console(), found)


@app.command("show")
def show(escalation_id: str, as_json: AsJson = False) -> None:
    """Show one escalation: why a person is asked for, what was said, every decision, and how to decide."""
    with records() as reader:
        found = _find(reader, escalation_id)
        decisions = reader.decisions(escalation_id)
    raw = {"reviewer": "NAME", "verdict": EscalationVerdict.RESUME.value, "note": "what the agent should know"}
    command = raw_command(load_settings(), escalation_workflow_id(escalation_id), raw)
    if as_json:
        print_json({"escalation": found, "decisions": decisions, "signal_command": command})
        return
    console = Console()
    rows = (
        ("asked because of", found.cause.value),
        ("reason", found.reason.body),
        ("recommended", found.recommended.body),
        ("stage", found.stage.value + (f" by {found.reviewer}" if found.reviewer else "")),
        ("opened", clock(found.opened_at)),
        ("deadline", clock(found.deadline)),
        ("decided", clock(found.decided_at)),
        ("told the agent", found.note.body if found.note else ""),
        ("session", found.session_id),
        ("said so far", found.summary.body),
    )
    print_table(console, f"Escalation {found.escalation_id}", ("", ""), rows)
    show_decisions(console, decisions)
    if found.stage is EscalationStage.OPEN:
        console.print(Text("To decide:", "bold"))
        print(f"greenroom escalations resume {found.escalation_id} --reviewer NAME --note 'what the agent should know'")
        print(f"greenroom escalations take-over {found.escalation_id} --reviewer NAME")
        print(command)


@app.command("resume")
def resume(
    escalation_id: str,
    reviewer: Reviewer,
    note: Annotated[str | None, typer.Option(help="What the agent should know from now on.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let the agent go on, with what you know. Exit code 0 when it counted, 1 when it was refused."""
    _decide(escalation_id, reviewer, EscalationVerdict.RESUME.value, note, as_json)


@app.command("take-over")
def take_over(escalation_id: str, reviewer: Reviewer, as_json: AsJson = False) -> None:
    """Speak to the caller yourself: the agent falls silent. Exit code 0 when it counted, 1 when it was refused."""
    _decide(escalation_id, reviewer, EscalationVerdict.TAKE_OVER.value, None, as_json)


@app.command("claim")
def claim(escalation_id: str, reviewer: Reviewer, as_json: AsJson = False) -> None:
    """Show the others that you look into it; they may still decide. Exit code 0 when it counted, 1 when refused."""
    _decide(escalation_id, reviewer, CLAIM, None, as_json)


@app.command("release")
def release(escalation_id: str, reviewer: Reviewer, as_json: AsJson = False) -> None:
    """Take your claim back. Exit code 0 when it counted, 1 when it was refused."""
    _decide(escalation_id, reviewer, RELEASE, None, as_json)


def _decide(escalation_id: str, reviewer: str, verdict: str, note: str | None, as_json: bool) -> None:
    with records() as reader:
        found = _find(reader, escalation_id)
    workflow_id, look = escalation_workflow_id(escalation_id), "greenroom escalations show"
    to = Addressee(workflow_id, escalation_id, found.session_id, found.subject_id, look)
    decide(to, {"reviewer": reviewer, "verdict": verdict, "note": note or None}, as_json)


def _find(reader: RecordReader, escalation_id: str) -> EscalationRecord:
    found = reader.escalation(escalation_id)
    if found is None:
        raise unknown("escalation", escalation_id, [e.escalation_id for e in reader.escalations(limit=10)])
    return found
