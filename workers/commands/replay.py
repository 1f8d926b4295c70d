"""`greenroom replay`: makes the recorded decisions of a task again, and shows the first that comes out otherwise."""

from __future__ import annotations

import asyncio
from typing import Annotated

import openai
import typer
from rich.console import Console
from rich.text import Text

from contracts.audit import AuditEntry
from contracts.composition import Composition
from tools.compositions import load_compositions
from workers.commands.printing import AsJson, print_json, records, unknown
from workers.errors import GreenroomError
from workers.replaying import Again, again
from workers.settings import Settings, load_settings

app = typer.Typer(help="Make the recorded decisions of a task again.")

Recorded = list[tuple[AuditEntry, dict[str, str]]]


@app.command()
def replay(
    task_id: str,
    everything: Annotated[bool, typer.Option("--all", help="Go on after the first difference.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a task's decisions again with the model, prompts and rules of today; no tool is called, nothing is sent to
    anybody but the model. Exit code 0 when all come out the same, 1 when one differs."""
    settings = load_settings()
    with records() as reader:
        task = reader.task(task_id)
        if task is None:
            raise unknown("task", task_id, [t.task_id for t in reader.tasks(limit=10)])
        trail = [e for e in reader.audit(task.session_id) if getattr(e.event, "task", None) == task_id]
        kept = reader.exhibits(digest for entry in trail for digest in entry.exhibits.values())
    recorded: Recorded = [(e, {n: kept[d].body for n, d in e.exhibits.items() if d in kept}) for e in trail]
    compositions = load_compositions(settings.compositions_dir, chat_model=settings.chat_model)
    if task.composition not in compositions:
        raise GreenroomError(f"there is no composition {task.composition!r} in {settings.compositions_dir} any more")
    try:
        made = asyncio.run(_make(settings, recorded, compositions[task.composition], everything))
    except openai.APIError as error:
        raise GreenroomError(
            f"the model at {settings.openai_base_url} gave no answer ({type(error).__name__}): "
            "start `greenroom dev`, or set OPENAI_BASE_URL and OPENAI_API_KEY"
        ) from None
    if as_json:
        print_json(made)
    else:
        _show(Console(), task_id, made)
    if any(one.differs for one in made):
        raise typer.Exit(1)


async def _make(settings: Settings, recorded: Recorded, composition: Composition, everything: bool) -> list[Again]:
    made: list[Again] = []
    key = settings.openai_api_key.get_secret_value() or "keyless"
    async with openai.AsyncOpenAI(base_url=settings.openai_base_url, api_key=key, timeout=30.0) as chat:
        for entry, contents in recorded:
            one = await again(entry, contents, composition, chat)
            if one is not None:
                made.append(one)
                if one.differs and not everything:
                    break
    return made


def _show(console: Console, task_id: str, made: list[Again]) -> None:
    console.print(Text(f"Decisions of {task_id}, made again", "bold"))
    for one in made:
        came_out = "DIFFERS" if one.differs else "left out" if one.left_out else "the same"
        console.print(Text(f"  {one.what}: {came_out}"))
        for line in filter(None, (*one.changed, one.differs, one.left_out)):
            console.print(Text(f"      {line}"))
    if not made:
        console.print(Text("  no decision is recorded"))
