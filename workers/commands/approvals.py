"""`greenroom approvals`: what waits for a person, and the person's decision."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from contracts.approval import ApprovalStage, Verdict
from contracts.grants import GrantScope
from contracts.records import ApprovalRecord
from store.reader import RecordReader
from workers.commands.printing import AsJson, Limit, clock, print_json, print_table, records, unknown
from workers.commands.ruling import Digest, Note, Reviewer, print_ruling
from workers.commands.session_view import show_approvals
from workers.commands.task_view import show_decisions
from workers.deciding import arguments_of, assignments, current_digest, decide, signal_command, variations
from workers.sending import Ruling
from workers.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="What waits for a person, and the person's decision.")

Private = Annotated[str | None, typer.Option(help="Your words for the records, which the caller is not told.")]


@app.command("ls")
def list_approvals(
    stage: Annotated[ApprovalStage | None, typer.Option(help="Only those at this stage.")] = None,
    session: Annotated[str | None, typer.Option(help="Only those of this session.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List approvals, newest first."""
    with records() as reader:
        found = reader.approvals(stage, session_id=session, limit=limit)
    if as_json:
        print_json(found)
    else:
        show_approvals(Console(), found)


@app.command("show")
def show(approval_id: str, as_json: AsJson = False) -> None:
    """Show one approval: the exact action, why it waits, every decision, and how to decide."""
    with records() as reader:
        found = _find(reader, approval_id)
        decisions = reader.decisions(approval_id)
    command = signal_command(load_settings(), found, "NAME", Verdict.APPROVE)
    if as_json:
        print_json({"approval": found, "decisions": decisions, "signal_command": command})
        return
    console = Console()
    print_table(console, f"Approval {found.approval_id}", ("", ""), [row for row in _rows(found) if row[1]])
    show_decisions(console, decisions)
    if found.stage is ApprovalStage.PENDING:
        console.print(Text("To decide:", "bold"))
        print(f"greenroom approvals approve {found.approval_id} --reviewer NAME")
        print(command)


def _rows(found: ApprovalRecord) -> tuple[tuple[str, str], ...]:
    """What a reviewer needs first comes first."""
    agreed = f"{len(found.approved_by)} of {found.approvers} approved"
    decided_by = " and ".join(found.approved_by) if found.stage is ApprovalStage.APPROVED else found.reviewer
    return (
        ("action", (found.edited_action or found.action).body),
        ("asked was", found.action.body if found.edited_action else ""),
        ("stage", found.stage.value + (f" by {decided_by}" if decided_by else "")),
        ("agreed", agreed + (f" by {' and '.join(found.approved_by)}" if found.approved_by else "")),
        ("why it waits", f"{found.why} (rule {found.rule_id})"),
        ("may be changed", ", ".join(found.editable)),
        ("tool", found.tool),
        ("arguments", (found.edited_arguments or found.arguments).body),
        ("digest", current_digest(found)),
        ("opened", clock(found.opened_at)),
        ("deadline", clock(found.deadline)),
        ("decided", clock(found.decided_at)),
        ("note", found.note.body if found.note else ""),
        ("task", found.task_id),
        ("session", found.session_id),
        ("asked the caller", found.asked.body if found.asked else ""),
        ("context", found.context_pack.body if found.context_pack else ""),
    )


@app.command("approve")
def approve(
    approval_id: str, reviewer: Reviewer, note: Note = None, digest: Digest = None, as_json: AsJson = False
) -> None:
    """Approve exactly the action shown. Exit code 0 when the decision counted, 1 when it was refused."""
    _decide(approval_id, reviewer, Verdict.APPROVE, note, digest, as_json)


@app.command("edit")
def edit(
    approval_id: str,
    reviewer: Reviewer,
    changes: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE", help="An argument to change; give it again for more.")
    ],
    note: Note = None,
    digest: Digest = None,
    as_json: AsJson = False,
) -> None:
    """Approve the action with some arguments changed, as far as its rule allows. Exit code 0 when it counted."""
    with records() as reader:
        known = arguments_of(_find(reader, approval_id))
    _decide(approval_id, reviewer, Verdict.APPROVE, note, digest, as_json, {"arguments": assignments(changes, known)})


@app.command("grant")
def grant(
    approval_id: str,
    reviewer: Reviewer,
    scope: Annotated[GrantScope, typer.Option(help="In this call alone, or in every call of this person.")] = (
        GrantScope.SESSION
    ),
    seconds: Annotated[float | None, typer.Option(min=1.0, help="For how long; by default as its rule allows.")] = None,
    anything: Annotated[list[str] | None, typer.Option("--any", metavar="NAME", help="This argument may vary.")] = None,
    at_most: Annotated[
        list[str] | None, typer.Option(metavar="NAME=NUMBER", help="This argument may vary up to that number.")
    ] = None,
    note: Note = None,
    digest: Digest = None,
    as_json: AsJson = False,
) -> None:
    """Approve, and let further calls of the kind go unasked, as far as its rule allows. See 'greenroom grants'."""
    more: dict[str, object] = {"scope": scope.value, "vary": variations(anything or (), at_most or ())}
    if seconds is not None:
        more["seconds"] = seconds
    _decide(approval_id, reviewer, Verdict.APPROVE_AND_GRANT, note, digest, as_json, more)


@app.command("reject")
def reject(
    approval_id: str,
    reviewer: Reviewer,
    note: Note = None,
    private: Private = None,
    digest: Digest = None,
    as_json: AsJson = False,
) -> None:
    """Reject the action. Exit code 0 when the decision counted, 1 when it was refused."""
    _decide(approval_id, reviewer, Verdict.REJECT, note, digest, as_json, {"private": private} if private else None)


@app.command("ask")
def ask(
    approval_id: str,
    reviewer: Reviewer,
    question: Annotated[str, typer.Option(help="What the caller is asked; 'approvals show' has the answer.")],
    digest: Digest = None,
    as_json: AsJson = False,
) -> None:
    """Ask the caller before you decide. Exit code 0 when it counted, 1 when it was refused."""
    _decide(approval_id, reviewer, Verdict.ASK, None, digest, as_json, {"question": question})


@app.command("take-over")
def take_over(
    approval_id: str, reviewer: Reviewer, note: Note = None, digest: Digest = None, as_json: AsJson = False
) -> None:
    """Take it out of the agent's hands: you do it yourself. Exit code 0 when it counted, 1 when it was refused."""
    _decide(approval_id, reviewer, Verdict.TAKE_OVER, note, digest, as_json)


@app.command("extend")
def extend(
    approval_id: str,
    reviewer: Reviewer,
    seconds: Annotated[float, typer.Option(min=1.0, help="By how much; its rule sets the bound.")],
    digest: Digest = None,
    as_json: AsJson = False,
) -> None:
    """Put the deadline off. Exit code 0 when it counted, 1 when it was refused."""
    _decide(approval_id, reviewer, Verdict.EXTEND, None, digest, as_json, {"seconds": seconds})


@app.command("delegate")
def delegate(
    approval_id: str,
    reviewer: Reviewer,
    to: Annotated[str, typer.Option(help="Who alone may decide from then on: a reviewer, or group:NAME.")],
    digest: Digest = None,
    as_json: AsJson = False,
) -> None:
    """Leave the decision to someone else. Exit code 0 when it counted, 1 when it was refused."""
    _decide(approval_id, reviewer, Verdict.DELEGATE, None, digest, as_json, {"to": to})


@app.command("claim")
def claim(approval_id: str, reviewer: Reviewer, digest: Digest = None, as_json: AsJson = False) -> None:
    """Show the others that you look into it; they may still decide. Exit code 0 when it counted, 1 when refused."""
    _decide(approval_id, reviewer, Verdict.CLAIM, None, digest, as_json)


@app.command("release")
def release(approval_id: str, reviewer: Reviewer, digest: Digest = None, as_json: AsJson = False) -> None:
    """Take your claim back. Exit code 0 when it counted, 1 when it was refused."""
    _decide(approval_id, reviewer, Verdict.RELEASE, None, digest, as_json)


def _decide(
    approval_id: str,
    reviewer: str,
    verdict: Verdict,
    note: str | None,
    digest: str | None,
    as_json: bool,
    more: Mapping[str, object] | None = None,
) -> None:
    with records() as reader:
        approval = _find(reader, approval_id)
    ruling: Ruling = asyncio.run(
        decide(load_settings(), approval, reviewer, verdict, note=note, digest=digest, more=more)
    )
    action = (approval.edited_action or approval.action).body
    print_ruling(ruling, f"{verdict.value} by {reviewer} of {action!r} ({current_digest(approval)[:12]})", as_json)


def _find(reader: RecordReader, approval_id: str) -> ApprovalRecord:
    found = reader.approval(approval_id)
    if found is None:
        raise unknown("approval", approval_id, [a.approval_id for a in reader.approvals(limit=10)])
    return found
