"""`greenroom people`: who signs in to the console. Every way in begins with a one-time link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from sqlalchemy import Engine

from contracts.people import Person, PersonRole
from store import people
from workers.commands.printing import AsJson, print_json, print_table
from workers.errors import GreenroomError
from workers.settings import load_settings
from workers.vault import opened_store

T = TypeVar("T")
app = typer.Typer(no_args_is_help=True, help="Who signs in to the console.")

Roles = Annotated[list[PersonRole], typer.Option("--role", help="May be repeated.")]
Reviewer = Annotated[str | None, typer.Option(help="Who they are as a reviewer (greenroom reviewers ls).")]
DisplayName = Annotated[str | None, typer.Option(help="For people to read; by default the name.")]


@app.command("ls")
def list_people(as_json: AsJson = False) -> None:
    """List accounts by name, the inactive too."""
    found = _with(people.everybody)
    if as_json:
        print_json(found)
        return
    rows = [
        (p.name, p.display_name, ", ".join(p.roles), p.reviewer or "nobody", "yes" if p.active else "no") for p in found
    ]
    print_table(Console(), "People", ("name", "display name", "roles", "decides as", "active"), rows)


@app.command("admin")
def admin(name: Annotated[str, typer.Argument(help="The account's name.")] = "admin") -> None:
    """Let the first admin in: makes the account if there is none, and prints a link that works once."""

    def make(engine: Engine) -> None:
        known = people.person(engine, name)
        if known is None:
            people.add_person(engine, Person(name=name, display_name=name, roles=(PersonRole.ADMIN,)))
        elif PersonRole.ADMIN not in known.roles:
            raise GreenroomError(f"{name} is no admin: choose another name, or 'greenroom people set {name}'")

    _with(make)
    _print_link(name)


@app.command("add")
def add(name: str, role: Roles, reviewer: Reviewer = None, display_name: DisplayName = None) -> None:
    """Make an account, and print the link that lets that person set a password once."""
    record = Person(name=name, display_name=display_name or name, roles=tuple(role), reviewer=reviewer)
    _with(lambda engine: people.add_person(engine, record))
    _print_link(name)


@app.command("set")
def change(name: str, role: Roles, reviewer: Reviewer = None, display_name: DisplayName = None) -> None:
    """Give an account other roles; what is not named stays. Whoever is signed in with it has to sign in again."""
    named = {"reviewer": reviewer, "display_name": display_name}
    _change(name, {"roles": tuple(role), **{field: value for field, value in named.items() if value is not None}})
    print(f"{name} is now {', '.join(role)}")


@app.command("invite")
def invite(name: str) -> None:
    """Print a new link, for somebody who has no password yet or forgot it."""
    _print_link(name)


@app.command("deactivate")
def deactivate(name: str) -> None:
    """Let nobody in with that account any more, from the next click on."""
    _change(name, {"active": False})
    print(f"{name} is out")


@app.command("activate")
def activate(name: str) -> None:
    """Let a person in again who was deactivated, with the roles and the password of before."""
    _change(name, {"active": True})
    print(f"{name} may sign in again")


def _change(name: str, changes: Mapping[str, object]) -> None:
    def make(engine: Engine) -> None:
        known = people.person(engine, name)
        if known is None:
            raise GreenroomError(f"there is no account {name!r}; see 'greenroom people ls'")
        people.update_person(engine, known.model_copy(update=dict(changes)))

    _with(make)


def _print_link(name: str) -> None:
    token = _with(lambda engine: people.invite(engine, name, datetime.now(UTC)))
    hours = people.INVITATION_VALID.total_seconds() / 3600
    # After the #: no server ever gets it, so no log can hold it.
    print(
        f"{name} sets a password here, once, within {hours:g} hours:\n{load_settings().front_door_url}/welcome#{token}"
    )


def _with(work: Callable[[Engine], T]) -> T:
    with opened_store(load_settings()) as engine:
        return work(engine)
