"""`greenroom grants`: what reviewers let go unasked, and taking it back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from contracts.records import GrantRecord
from policy.granting import in_words
from policy.reviewers import able
from store.grants import revoke_grant
from workers.commands.printing import AsJson, Limit, clock, print_json, print_table, records, unknown
from workers.errors import GreenroomError
from workers.settings import load_settings
from workers.vault import opened_store

app = typer.Typer(no_args_is_help=True, help="What reviewers let go unasked, and taking it back.")


@app.command("ls")
def list_grants(
    subject: Annotated[str | None, typer.Option(help="Only those about this person.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The expired and the revoked too.")] = False,
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List grants, newest first."""
    now = datetime.now(UTC)
    with records() as reader:
        found = [g for g in reader.grants(subject_id=subject) if everything or _state(g, now) == "stands"][:limit]
    if as_json:
        print_json(found)
        return
    rows = [(g.grant_id, _state(g, now), in_words(g), g.subject_id, g.granted_by, clock(g.expires_at)) for g in found]
    print_table(Console(), "Grants", ("grant", "state", "what", "person", "by", "until"), rows)


@app.command("revoke")
def revoke(
    grant_id: str,
    reviewer: Annotated[str, typer.Option(help="Who takes it back: a name of 'greenroom reviewers ls'.")],
    as_json: AsJson = False,
) -> None:
    """Take a grant back: it covers nothing from now on, and the next such action waits for a person again."""
    with records() as reader:
        known, person = reader.grant(grant_id), reader.reviewer(reviewer)
        if known is None:
            raise unknown("grant", grant_id, [g.grant_id for g in reader.grants(limit=10)])
    if person is None or not able(known.capability, person):
        raise GreenroomError(f"{reviewer} may not decide about {known.capability}; see 'greenroom reviewers ls'")
    with opened_store(load_settings()) as engine:
        revoked = revoke_grant(engine, grant_id, reviewer, datetime.now(UTC))
    if as_json:
        print_json(revoked)
    else:
        print(f"{grant_id} covers nothing from now on")


def _state(grant: GrantRecord, now: datetime) -> str:
    if grant.revoked_at is not None:
        return f"revoked by {grant.revoked_by}"
    return "stands" if now < grant.expires_at else "expired"
