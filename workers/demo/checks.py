"""What must hold, what was found, and the table at the end."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Check:
    name: str
    holds: bool
    found: str


@dataclass
class Checks:
    """In the order in which they were made."""

    made: list[Check] = field(default_factory=list)

    def add(self, name: str, holds: bool, found: str) -> bool:
        self.made.append(Check(name, holds, found))
        return holds

    @property
    def all_hold(self) -> bool:
        return bool(self.made) and all(check.holds for check in self.made)

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.made if not check.holds]

    def show(self, console: Console) -> None:
        table = Table(title="What was heard, and what the shop's books say", title_justify="left", title_style="bold")
        table.add_column("")
        table.add_column("check", overflow="fold")
        table.add_column("found", overflow="fold")
        for check in self.made:
            mark = Text("ok", "green") if check.holds else Text("FAILED", "bold red")
            table.add_row(mark, check.name, Text(check.found))
        console.print(table)
