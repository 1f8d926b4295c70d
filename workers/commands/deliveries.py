"""`greenroom deliveries`: what is owed to callers, and what was heard."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from contracts.delivery import DeliveryState
from contracts.records import DeliveryRecord
from workers.commands.printing import AsJson, Limit, clock, print_json, print_table, records

app = typer.Typer(no_args_is_help=True, help="What is owed to callers, and what was heard.")


@app.callback()
def group() -> None:
    """Keeps `ls` a command of its own."""


@app.command("ls")
def list_deliveries(
    subject: Annotated[str | None, typer.Option(help="Only those owed to this subject.")] = None,
    session: Annotated[str | None, typer.Option(help="Only those of this session.")] = None,
    state: Annotated[DeliveryState | None, typer.Option(help="Only those in this state.")] = None,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List deliveries, newest first."""
    with records() as reader:
        found = reader.deliveries(subject_id=subject, session_id=session, state=state, limit=limit)
    if as_json:
        print_json(found)
        return
    rows = [(d.delivery_id, d.subject_id, _state(d), clock(d.updated_at), d.speech.body) for d in found]
    headings = ("delivery", "subject", "state", "changed", "words")
    print_table(Console(), "Deliveries", headings, rows)


def _state(delivery: DeliveryRecord) -> str:
    """In a few words: why it is so, until when it is owed, and what became of it at the webhook."""
    parts = [delivery.state.value]
    if delivery.reason:
        parts.append(f"({delivery.reason})")
    if not delivery.state.final and delivery.expires_at is not None:
        parts.append(f"until {clock(delivery.expires_at)}")
    if delivery.webhook is not None:
        parts.append(f"webhook {delivery.webhook.value.replace('_', ' ')}")
    return " ".join(parts)
