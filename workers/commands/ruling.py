"""What the commands of a decision share: their options, and how a ruling is printed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated

import typer

from workers.commands.printing import print_json
from workers.sending import CHANNEL, Addressee, Ruling, send
from workers.settings import load_settings

Reviewer = Annotated[str, typer.Option(help="Who decides: a name of 'greenroom reviewers ls'.")]
Note = Annotated[str | None, typer.Option(help="Your words to the caller.")]
Digest = Annotated[
    str | None,
    typer.Option(help="Of what you saw, at least 8 characters; by default what the records show."),
]


def decide(to: Addressee, decision: Mapping[str, object], as_json: bool) -> None:
    """Sends the decision (`reviewer`, `verdict` and more; None is left out) and prints what became of it.

    Raises typer.Exit with code 1 when it was refused, GreenroomError when it could not be judged.
    """
    given = {name: value for name, value in decision.items() if value is not None}
    ruling = asyncio.run(send(load_settings(), to, {"channel": CHANNEL, **given}))
    print_ruling(ruling, f"{decision['verdict']} by {decision['reviewer']} of {to.item_id}", as_json)


def print_ruling(ruling: Ruling, what: str, as_json: bool) -> None:
    """One line, and why if there is more to say. Raises typer.Exit with code 1 when it was refused."""
    if as_json:
        print_json(ruling)
    else:
        print(f"{what}: {'counted' if ruling.accepted else 'refused'}")
        if ruling.reason != "counted":
            print(ruling.reason if ruling.accepted else f"why: {ruling.reason}")
    if not ruling.accepted:
        raise typer.Exit(1)
