"""How commands print: tables for people, JSON for machines, errors that say what there is instead."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer
from pydantic import BaseModel, TypeAdapter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from store.reader import RecordReader
from workers.errors import GreenroomError
from workers.settings import load_settings
from workers.vault import opened_store

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest.")]

_ANY: TypeAdapter[Any] = TypeAdapter(Any)


@contextmanager
def records() -> Iterator[RecordReader]:
    """The records of the settings' database. Raises StoreError naming the fix when they cannot be read."""
    with opened_store(load_settings()) as engine:
        yield RecordReader(engine)


def unknown(kind: str, name: str, known: Sequence[str]) -> GreenroomError:
    """For an id that names nothing: lists what there is."""
    if not known:
        return GreenroomError(f"no {kind} {name!r}; there is no {kind} yet")
    return GreenroomError(f"no {kind} {name!r}; the newest are:\n" + "\n".join(f"  {k}" for k in known[:10]))


def print_json(value: BaseModel | Sequence[BaseModel] | dict[str, Any]) -> None:
    print(json.dumps(_ANY.dump_python(value, mode="json"), indent=2, ensure_ascii=False))


UNBROKEN = 12
"""Cells up to so many characters stay on one line; longer ones share the width that is left."""


def print_table(console: Console, title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """One table; says "none" for no row. Cells are plain text: nothing that a person said is read as markup."""
    table = Table(title=title, title_justify="left", title_style="bold")
    lines = [["" if cell is None else str(cell) for cell in row] for row in rows]
    for place, heading in enumerate(headings):
        short = all(len(line[place]) <= UNBROKEN for line in lines)
        table.add_column(heading, overflow="fold", no_wrap=place == 0 or short)  # ids come first: people copy them
    for line in lines:
        table.add_row(*(Text(cell) for cell in line))
    if table.row_count:
        console.print(table)
    else:
        console.print(Text.assemble((title, "bold"), ": none"))


def clock(moment: datetime | None) -> str:
    """Local time to the second if it is today, else date and time to the minute."""
    if moment is None:
        return ""
    local = moment.astimezone()
    return local.strftime("%H:%M:%S" if local.date() == datetime.now().astimezone().date() else "%Y-%m-%d %H:%M")


def time_of_day(moment: datetime) -> str:
    return moment.astimezone().strftime("%H:%M:%S.%f")[:-4]


def milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.0f} ms"
