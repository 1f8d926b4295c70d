"""`greenroom reviewers`: the people who may decide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy import Engine

from contracts.records import ReviewerRecord
from store.engine import open_engine
from store.errors import StoreError
from store.reviewers import add_reviewer, deactivate_reviewer
from workers.commands.printing import AsJson, print_json, print_table, records
from workers.errors import GreenroomError
from workers.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="The people who may decide.")


@app.command("ls")
def list_reviewers(as_json: AsJson = False) -> None:
    """List reviewers by name, the inactive too."""
    with records() as reader:
        found = reader.reviewers()
    if as_json:
        print_json(found)
        return
    rows = [
        (r.name, r.display_name, ", ".join(r.groups), ", ".join(r.capabilities) or "every", "yes" if r.active else "no")
        for r in found
    ]
    print_table(Console(), "Reviewers", ("name", "display name", "groups", "may decide about", "active"), rows)


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="What decisions will name; never given to a second person.")],
    display_name: Annotated[str | None, typer.Option(help="For people to read; by default the name.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="A group; may be repeated.")] = None,
    capability: Annotated[
        list[str] | None, typer.Option(help="May decide about this; may be repeated; without: every capability.")
    ] = None,
) -> None:
    """Add a reviewer."""
    record = ReviewerRecord(
        name=name, display_name=display_name or name, groups=tuple(group or ()), capabilities=tuple(capability or ())
    )
    _change(lambda engine: add_reviewer(engine, record))
    print(f"{name} may decide from now on")


@app.command("deactivate")
def deactivate(name: str) -> None:
    """Let a reviewer decide nothing from now on. The name stays, since decisions carry it."""
    _change(lambda engine: deactivate_reviewer(engine, name))
    print(f"{name} may decide nothing from now on")


def _change(change: Callable[[Engine], None]) -> None:
    try:
        engine = open_engine(load_settings().database_url)
        try:
            change(engine)
        finally:
            engine.dispose()
    except StoreError as error:
        raise GreenroomError(str(error)) from error
