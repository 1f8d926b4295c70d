"""`greenroom sessions`: calls, from the records."""

from __future__ import annotations

import typer
from rich.console import Console

from workers.commands.printing import AsJson, Limit, clock, print_json, print_table, records, unknown
from workers.commands.session_view import gather, show_session

app = typer.Typer(no_args_is_help=True, help="Calls, from the records.")


@app.command("ls")
def list_sessions(limit: Limit = 20, as_json: AsJson = False) -> None:
    """List calls, newest first."""
    with records() as reader:
        found = reader.sessions(limit)
    if as_json:
        print_json(found)
        return
    rows = [
        (s.session_id, s.composition, s.subject_id, clock(s.opened_at), clock(s.ended_at), s.end_reason or s.state)
        for s in found
    ]
    headings = ("session", "composition", "subject", "opened", "ended", "state")
    print_table(Console(), "Sessions", headings, rows)


@app.command("show")
def show(session_id: str, as_json: AsJson = False) -> None:
    """Show one call whole: who took part, what was said, what it led to."""
    with records() as reader:
        story = gather(reader, session_id)
        if story is None:
            raise unknown("session", session_id, [s.session_id for s in reader.sessions(10)])
    if as_json:
        print_json(story)
    else:
        show_session(Console(), story)
