"""`greenroom doctor`: what is missing or misconfigured, and the fix."""

import asyncio
import json
import logging
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer()
_STYLES = {"ok": "green", "off": "yellow", "wrong": "bold red"}


@app.command()
def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False) -> None:
    """Find what is missing or misconfigured, and name the fix. Exit code 1 when something is wrong."""
    from workers.doctor.examine import examine

    logging.disable(logging.CRITICAL)  # the clients' own complaints; the findings say it better
    findings = asyncio.run(examine())
    if as_json:
        print(json.dumps([finding.model_dump() for finding in findings], indent=2))
    else:
        table = Table(title="Doctor", title_justify="left")
        for heading in ("what", "how", "found", "fix"):
            table.add_column(heading, overflow="fold")
        for finding in findings:
            table.add_row(finding.subject, f"[{_STYLES[finding.health]}]{finding.health}", finding.detail, finding.fix)
        Console().print(table)
    raise typer.Exit(any(finding.health == "wrong" for finding in findings))
