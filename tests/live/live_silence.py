"""How long a caller hears nothing: the gaps in what was said and heard, until the agent is done."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from workers.caller.caller import Caller
from workers.caller.events import AgentSpeechStarted, Heard, Said

PROMISED = 3.0
"""Seconds of silence at most, whatever fails."""
TOLERATED = 5.0
"""The same on a machine that does other things."""
DONE_SECONDS = 6.0
"""An agent that says nothing for so long after it has spoken leaves the word to the caller."""


@dataclass
class Measured:
    cells: dict[tuple[str, str], float] = field(default_factory=dict)
    """Seconds by what failed, and how."""

    def print(self, console: Console) -> None:
        table = Table(title=f"longest silence in a call, seconds (promised: {PROMISED:g})")
        kinds = list(dict.fromkeys(kind for _, kind in self.cells))
        for head in ("", *kinds):
            table.add_column(head)
        for target in dict.fromkeys(target for target, _ in self.cells):
            table.add_row(target, *(f"{self.cells[target, k]:.2f}" if (target, k) in self.cells else "" for k in kinds))
        console.print(table)


MEASURED = Measured()


async def silence_after(caller: Caller, said: Said) -> tuple[float, str]:
    """The longest silence from the end of what the caller said to the end of the agent's answer, and that answer.

    Raises AssertionError when there is none at all.
    """
    answer: list[Heard] = []
    while (heard := await caller.wait_heard(DONE_SECONDS if answer else 30.0)) is not None or _speaks(caller, answer):
        answer += [heard] if heard is not None else []
    assert answer, "nothing was heard"
    longest, quiet_since = 0.0, said.ended_at
    for heard in answer:
        longest = max(longest, (heard.started_at - quiet_since).total_seconds())
        quiet_since = max(quiet_since, heard.ended_at)
    return longest, " ".join(heard.text for heard in answer)


def _speaks(caller: Caller, answer: list[Heard]) -> bool:
    """Whether the agent began something of which the end was not heard yet."""
    began = [event.at for event in caller.events if isinstance(event, AgentSpeechStarted)]
    return bool(answer and began) and began[-1] > answer[-1].ended_at
