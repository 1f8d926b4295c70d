"""`greenroom sessions`: calls, from the records."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from workers.commands.latency_view import latency_of, show_latency
from workers.commands.printing import AsJson, Limit, clock, print_json, print_table, records, unknown
from workers.commands.session_view import gather, show_session

WithLatency = Annotated[bool, typer.Option("--latency", help="Draw the stages of each turn, and its misses.")]

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
def show(session_id: str, as_json: AsJson = False, latency: WithLatency = False) -> None:
    """Show one call whole: who took part, what was said, what it led to; or where the time of its turns went."""
    with records() as reader:
        story = gather(reader, session_id)
        if story is None:
            raise unknown("session", session_id, [s.session_id for s in reader.sessions(10)])
    if latency:
        times = latency_of(story.turns)
        print_json(times) if as_json else show_latency(Console(), times)
    elif as_json:
        print_json(story)
    else:
        show_session(Console(), story)
