"""`greenroom settings`: every setting with its value and meaning; secrets masked."""

import json
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from workers.settings import Settings, load_settings, variable
from workers.settings_example import example
from workers.validation import without_password

app = typer.Typer()


@app.command()
def settings(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
    as_example: Annotated[bool, typer.Option("--example", help="Print the text of .env.example.")] = False,
) -> None:
    """Show every setting, its value and its meaning. Secrets are masked."""
    if as_example:
        print(example(), end="")
        return
    values = load_settings()
    rows = {
        variable(name, info): (_shown(getattr(values, name)), info.description or "")
        for name, info in Settings.model_fields.items()
    }
    if as_json:
        print(json.dumps({name: value for name, (value, _) in rows.items()}, indent=2))
        return
    table = Table(title="Settings", title_justify="left")
    for heading in ("variable", "value", "meaning"):
        table.add_column(heading, overflow="fold")
    for name, (value, meaning) in rows.items():
        table.add_row(name, value, meaning)
    Console().print(table)


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else ""
    return without_password(json.dumps(value) if isinstance(value, dict) else str(value))
