"""`greenroom tools`: what the tool servers offer, and the review of how they describe it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from contracts.composition import Composition
from tools import pins
from tools.compositions import files_of
from tools.mcp_server import McpToolServer
from tools.server import ServerTool, ToolServerError
from workers.commands.printing import AsJson, print_json, print_table
from workers.errors import GreenroomError
from workers.settings import Settings, load_settings

app = typer.Typer(no_args_is_help=True, help="What the tool servers offer, and the review of how they describe it.")
Which = Annotated[str, typer.Argument(help="The id of a composition.")]


@app.command("ls")
def list_tools(composition: Which = "support", as_json: AsJson = False) -> None:
    """List a composition's tools: what each takes, does and costs, and whether its description was reviewed."""
    settings = load_settings()
    _, found = _find(settings, composition)
    offered = asyncio.run(_offered(settings, found))
    rows = [
        (
            tool.name,
            tool.effect.value,
            tool.cost_class,
            ", ".join(tool.data_in) or "any",
            ", ".join(tool.data_out) or "any",
            _state(found, offered.get(tool.name)),
        )
        for tool in found.tools
    ]
    headings = ("tool", "effect", "cost", "data in", "data out", "description")
    if as_json:
        print_json({row[0]: dict(zip(headings[1:], row[1:], strict=True)) for row in rows})
    else:
        print_table(Console(), f"Tools of {found.id}", headings, rows)


@app.command("pin")
def pin(
    composition: Which = "support",
    yes: Annotated[bool, typer.Option("--yes", help="Accept what is shown without being asked.")] = False,
) -> None:
    """Show every tool whose description was not reviewed, and accept it once you have read it."""
    settings = load_settings()
    path, found = _find(settings, composition)
    offered = asyncio.run(_offered(settings, found))
    wanted = pins.pinned(found, offered.values())
    missing = sorted({tool.name for tool in found.tools} - wanted.keys())
    if missing:
        raise GreenroomError(f"no server offers {', '.join(missing)}: start it, or take it out of {path}")
    new = [name for name in sorted(wanted) if found.pins.get(name) != wanted[name]]
    for name in new:
        print(f"{name} ({'changed' if name in found.pins else 'new'})\n  {offered[name].description}")
        print(f"  {offered[name].parameters}\n")
    if not new and wanted == dict(found.pins):
        print("nothing has changed since it was reviewed")
        return
    if not (yes or typer.confirm(f"Have you read {len(new)} descriptions, and may models read them?")):
        raise typer.Exit(1)
    pins.write(path, wanted)
    print(f"{pins.file_of(path)} is written; restart what has loaded {found.id}")


def _find(settings: Settings, composition: str) -> tuple[Path, Composition]:
    found = files_of(settings.compositions_dir)
    if composition not in found:
        raise GreenroomError(f"there is no composition {composition!r}; there are: {', '.join(sorted(found))}")
    return found[composition]


async def _offered(settings: Settings, composition: Composition) -> dict[str, ServerTool]:
    """By name, of the servers that the composition names."""
    found: dict[str, ServerTool] = {}
    for server_id in sorted({tool.server for tool in composition.tools}):
        if server_id not in settings.tool_servers:
            raise GreenroomError(f"GREENROOM_TOOL_SERVERS names no server {server_id!r}")
        server = McpToolServer(server_id, settings.tool_servers[server_id])
        try:
            of_this = {tool.name for tool in composition.tools if tool.server == server_id}
            found |= {tool.name: tool for tool in await server.list_tools() if tool.name in of_this}
        except ToolServerError as error:
            raise GreenroomError(str(error)) from error
        finally:
            await server.aclose()
    return found


def _state(composition: Composition, offered: ServerTool | None) -> str:
    if offered is None:
        return "not offered"
    if not composition.pins:
        return "not pinned"
    return "reviewed" if pins.unreviewed(composition, offered) is None else "not reviewed: refused"
