"""`greenroom dev`: the whole stack in the foreground, until a signal ends it."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from workers.own_services import dotenv, own_services
from workers.stack.console import StackConsole
from workers.stack.servers import DEFAULT_DATA, DEFAULT_SPEC
from workers.stack.stack import Stack

app = typer.Typer()
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@app.command()
def dev(
    auto_ports: Annotated[bool, typer.Option("--auto-ports", help="Take free ports, not the described ones.")] = False,
    data: Annotated[Path, typer.Option(help="Folder of databases, logs and stack.json.")] = DEFAULT_DATA,
    only: Annotated[str, typer.Option(help="Comma list: start these and what they need.")] = "",
    seed: Annotated[int, typer.Option(help="Seed of the demo shop's contents.")] = 1,
    spec: Annotated[Path, typer.Option(help="The stack's description.")] = DEFAULT_SPEC,
) -> None:
    """Start the whole stack with one merged log, until Ctrl-C."""
    names = [name.strip() for name in only.split(",") if name.strip()] or None
    asyncio.run(_run(spec, data, auto_ports, names, seed))


async def _run(spec: Path, data: Path, auto_ports: bool, only: list[str] | None, seed: int) -> None:
    # A signal cancels the work wherever it is; the stack then stops politely. A second one kills what is left.
    work = asyncio.create_task(_serve(spec, data, auto_ports, only, seed))
    for sig in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(sig, work.cancel)
    await asyncio.wait({work})
    if not work.cancelled():
        work.result()


async def _serve(spec: Path, data: Path, auto_ports: bool, only: list[str] | None, seed: int) -> None:
    console = Console()
    lines = dotenv()
    own = own_services(lines)
    for line in own.lines:
        console.print(line)
    others = {name: value for name, value in lines.items() if not name.startswith(("OPENAI_", "DEEPGRAM_"))}
    with StackConsole(console) as view:
        async with Stack.start(
            spec,
            data=data,
            auto_ports=auto_ports,
            only=only,
            seed=seed,
            env={**others, **own.env},
            on_event=view.on_event,
            on_log=view.on_log,
        ) as stack:
            view.end_progress()
            view.show_addresses(stack.addresses, stack.pids)
            await asyncio.get_running_loop().create_future()  # until a signal cancels it
