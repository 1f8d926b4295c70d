"""`greenroom demo`: a real call that tells its story."""

from __future__ import annotations

import asyncio
import signal
from typing import Annotated

import typer
from rich.console import Console

from workers.demo.run import run

app = typer.Typer()


@app.command()
def demo(
    hold: Annotated[bool, typer.Option("--hold", help="You are the reviewer, and the stack stays up.")] = False,
    chaos: Annotated[bool, typer.Option("--chaos", help="Kill durable workers and Temporal in the middle.")] = False,
    seed: Annotated[int | None, typer.Option(help="Draw the same order and fact again.")] = None,
) -> None:
    """Place a real call that tells its story, and check what was heard. Exit code 0 only if every check holds."""
    if not asyncio.run(_until_signal(hold, chaos, seed)):
        raise typer.Exit(1)


async def _until_signal(hold: bool, chaos: bool, seed: int | None) -> bool:
    work = asyncio.create_task(run(Console(highlight=False), hold=hold, chaos=chaos, seed=seed))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    await asyncio.wait({work})
    return False if work.cancelled() else work.result()
