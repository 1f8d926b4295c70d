"""`greenroom deathwatch`: learns at once that an agent's process died."""

from __future__ import annotations

import asyncio
import logging

import typer

from workers.settings import load_settings

app = typer.Typer(add_completion=False)


@app.command()
def deathwatch() -> None:
    """Watch the agents' processes of this machine until told to stop."""
    from workers.deathwatch import run_deathwatch

    settings = load_settings()
    logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s %(message)s")
    asyncio.run(run_deathwatch(settings))
