"""`greenroom voice`: agents that take calls."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

import typer

from workers.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command()
def voice(
    health_port: Annotated[
        int | None, typer.Option("--health-port", "--port", help="Serve / (200 = takes calls) here on 127.0.0.1.")
    ] = None,
    drain: Annotated[int, typer.Option(help="Seconds that running calls may take to end when told to stop.")] = 0,
    pool: Annotated[
        str,
        typer.Option(help="Worker pool to belong to: the one that a role names as its fallback_pool, for instance."),
    ] = "voice",
) -> None:
    """Take calls until told to stop."""
    from workers import voice as worker

    settings = load_settings()
    logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s %(message)s")
    asyncio.run(worker.serve(settings, health_port, drain, pool))
