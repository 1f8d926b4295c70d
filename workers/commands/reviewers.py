"""`greenroom reviewers`: the people who may decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import Engine

from contracts.records import Absence, ReviewerRecord
from policy.reviewers import away_until
from store.reviewers import add_reviewer, change_reviewer, deactivate_reviewer
from workers.commands.printing import AsJson, clock, print_json, print_table, records
from workers.errors import GreenroomError
from workers.settings import load_settings
from workers.vault import opened_store

UpTo = Annotated[
    list[str] | None,
    typer.Option(help="CAPABILITY=NUMBER: only amounts up to that; * for every capability; may be repeated."),
]

app = typer.Typer(no_args_is_help=True, help="The people who may decide.")


@app.command("ls")
def list_reviewers(as_json: AsJson = False) -> None:
    """List reviewers by name, the inactive too."""
    with records() as reader:
        found = reader.reviewers()
    if as_json:
        print_json(found)
        return
    rows = [(r.name, r.display_name, ", ".join(r.groups), _authority(r), _presence(r)) for r in found]
    print_table(Console(), "Reviewers", ("name", "display name", "groups", "may decide about", "there"), rows)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What decisions will name; never given to a second person.")],
    display_name: Annotated[str | None, typer.Option(help="For people to read; by default the name.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="A group; may be repeated.")] = None,
    capability: Annotated[
        list[str] | None, typer.Option(help="May decide about this; may be repeated; without: every capability.")
    ] = None,
    up_to: UpTo = None,
) -> None:
    """Add a reviewer."""
    record = ReviewerRecord(
        name=name,
        display_name=display_name or name,
        groups=tuple(group or ()),
        capabilities=tuple(capability or ()),
        up_to=_bounds(up_to or ()),
    )
    _change(lambda engine: add_reviewer(engine, record))
    print(f"{name} may decide from now on")


@app.command("change")
def change(
    name: str,
    group: Annotated[list[str] | None, typer.Option(help="The groups from now on; may be repeated.")] = None,
    capability: Annotated[
        list[str] | None, typer.Option(help="What may be decided about from now on; may be repeated.")
    ] = None,
    up_to: UpTo = None,
    active: Annotated[bool | None, typer.Option(help="Whether anything may be decided at all.")] = None,
) -> None:
    """Change what a reviewer may decide. What is not named stays; an empty --group or --capability clears it."""
    changes: dict[str, object] = {} if active is None else {"active": active}
    changes |= {} if group is None else {"groups": tuple(filter(None, group))}
    changes |= {} if capability is None else {"capabilities": tuple(filter(None, capability))}
    bounds = None if up_to is None else _bounds(word for word in up_to if word)
    changes |= {} if bounds is None else {"up_to": bounds}
    _change(lambda engine: change_reviewer(engine, name, lambda known: known.model_copy(update=changes)))
    print(f"{name} is changed")


@app.command("away")
def away(
    name: str,
    until: Annotated[datetime, typer.Option(help="When the reviewer is back, UTC.")],
    since: Annotated[datetime | None, typer.Option(help="By default from now on, UTC.")] = None,
) -> None:
    """Note an absence: the reviewer decides nothing in it, and what waits for nobody else is passed on."""
    absence = Absence(since=_utc(since) if since else datetime.now(UTC), until=_utc(until))
    if absence.until <= absence.since:
        raise GreenroomError("--until is not after the beginning of the absence")
    _change(lambda engine: change_reviewer(engine, name, lambda known: _with_absence(known, absence)))
    print(f"{name} is away until {absence.until:%Y-%m-%d %H:%M} UTC")


@app.command("back")
def back(name: str) -> None:
    """Forget every absence of a reviewer, the planned ones too."""
    _change(lambda engine: change_reviewer(engine, name, lambda known: known.model_copy(update={"absences": ()})))
    print(f"{name} is there")


@app.command("deactivate")
def deactivate(name: str) -> None:
    """Let a reviewer decide nothing from now on. The name stays, since decisions carry it."""
    _change(lambda engine: deactivate_reviewer(engine, name))
    print(f"{name} may decide nothing from now on")


def _with_absence(known: ReviewerRecord, absence: Absence) -> ReviewerRecord:
    """The past ones are forgotten."""
    standing = tuple(a for a in known.absences if a.until > datetime.now(UTC))
    return known.model_copy(update={"absences": (*standing, absence)})


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _bounds(words: Iterable[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    for word in words:
        capability, _, number = word.partition("=")
        try:
            found[capability.strip()] = float(number)
        except ValueError:
            raise GreenroomError(f"--up-to {word!r}: write CAPABILITY=NUMBER, e.g. billing.refund=50") from None
    return found


def _authority(reviewer: ReviewerRecord) -> str:
    bounds = [f"{capability} up to {most:g}" for capability, most in sorted(reviewer.up_to.items())]
    return ", ".join((", ".join(reviewer.capabilities) or "every", *bounds))


def _presence(reviewer: ReviewerRecord) -> str:
    if not reviewer.active:
        return "inactive"
    until = away_until(reviewer, datetime.now(UTC))
    planned = next((a for a in reviewer.absences if a.since > datetime.now(UTC)), None)
    if until is not None:
        return f"away until {clock(until)}"
    return f"yes, away from {clock(planned.since)}" if planned else "yes"


def _change(change: Callable[[Engine], object]) -> None:
    with opened_store(load_settings()) as engine:
        change(engine)
