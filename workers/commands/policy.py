"""`greenroom policy`: what waits for a person, tried on the cases that stand beside the rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from policy import conditions, rules
from tools.compositions import SUFFIXES, load_composition, load_compositions
from workers.commands.printing import AsJson, print_json, print_table
from workers.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="What waits for a person, and by which rule.")


@app.command("test")
def test(
    path: Annotated[
        Path | None, typer.Argument(help="A composition, or a folder of them; by default the configured one.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Try every case beside a rule. Exit code 1 when one comes out otherwise: its file and line are told."""
    where = path or load_settings().compositions_dir
    if where.suffix in SUFFIXES:
        composition = load_composition(where)
        found = {composition.id: composition}
    else:
        found = load_compositions(where)
    tried = {name: rules.try_cases(composition) for name, composition in found.items()}
    if as_json:
        print_json({name: [case.model_dump(mode="json") for case in cases] for name, cases in tried.items()})
        return
    for name, cases in tried.items():
        rows = [
            (case.rule, str(case.number + 1), "waits" if case.verdict.gated else "free", case.verdict.rule_id)
            for case in cases
        ]
        print_table(Console(), f"Composition {name}", ("beside rule", "case", "the call", "decided by"), rows)
    print(f"{sum(map(len, tried.values()))} cases, all as expected")


@app.command("variables")
def variables() -> None:
    """List what a condition may ask about."""
    print_table(Console(), "Variables of a condition", ("name", "meaning"), list(conditions.VARIABLES.items()))
