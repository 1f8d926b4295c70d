"""`greenroom durable`: runs workflows and activities."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

import typer

from workers.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command()
def durable(
    queues: Annotated[
        str, typer.Option(help="Comma list of orchestration, rooms, models, tools, records.")
    ] = "orchestration,rooms,models,tools,records",
    health_port: Annotated[int | None, typer.Option(help="Serve /health here on 127.0.0.1.")] = None,
) -> None:
    """Runs the workers of the named queues until it is told to stop."""
    from workers import durable as side

    settings = load_settings()
    logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s %(message)s")
    names = [name.strip() for name in queues.split(",") if name.strip()]
    unknown = sorted(set(names) - set(side.QUEUES))
    if unknown:
        raise typer.BadParameter(f"unknown queue {unknown}; allowed: {', '.join(sorted(side.QUEUES))}")
    asyncio.run(side.serve(settings, names, health_port))
