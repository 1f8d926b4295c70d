"""What became of each cell: kept while the tests run, printed as a table and written as JSON at their end."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from fault_states import State
from fault_victims import Victim
from rich.console import Console
from rich.table import Table

from workers.settings import ROOT

FILE = Path(os.environ.get("GREENROOM_FAULTS_JSON") or ROOT / ".dev" / "faults.json")


@dataclass
class Cell:
    """`speech_seconds`: until the caller heard something. `tries` counts how often the cell was run in this run."""

    victim: Victim
    state: State
    tries: int = 0
    ok: bool = False
    speech_seconds: float | None = None
    proof: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    why: str = ""

    def begin(self) -> None:
        self.tries += 1
        self.ok, self.speech_seconds, self.why = False, None, ""
        self.proof, self.found = [], []

    def failed(self, why: str) -> None:
        self.ok = False
        self.why = (why.strip() or "failed").splitlines()[0]

    def words(self) -> str:
        again = f", try {self.tries}" if self.tries > 1 else ""
        heard = f" {self.speech_seconds:.1f} s" if self.speech_seconds is not None else ""
        return f"{'ok' if self.ok else 'FAILED'}{heard}{again}"


class Matrix:
    def __init__(self) -> None:
        self.cells: dict[tuple[Victim, State], Cell] = {}

    def cell(self, victim: Victim, state: State) -> Cell:
        return self.cells.setdefault((victim, state), Cell(victim, state))

    def print(self, console: Console) -> None:
        table = Table(title="killed (rows) while (columns): outcome, seconds until the caller heard something")
        table.add_column("")
        for state in State:
            table.add_column(state.value)
        for victim in Victim:
            row = [self.cells.get((victim, state)) for state in State]
            if any(row):
                table.add_row(victim.value, *("" if cell is None else cell.words() for cell in row))
        console.print(table)
        for cell in self.cells.values():
            console.print(f"\n{cell.victim} / {cell.state}: {cell.words()}", highlight=False)
            for line in [*cell.proof, *cell.found, *([cell.why] if cell.why else [])]:
                console.print(f"    {line}", highlight=False, markup=False)

    def write(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps([asdict(cell) for cell in self.cells.values()], indent=1), encoding="utf-8")
