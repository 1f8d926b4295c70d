"""Where the time of each turn went, drawn from the records."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from contracts.base import Moment
from contracts.latency import Stage, TurnStages
from contracts.records import TurnRecord
from policy.latency import misses
from workers.commands.printing import milliseconds, time_of_day

WIDTH = 60
"""Characters of the longest turn's bar."""
COLOURS = {
    Stage.STT: "blue",
    Stage.END_OF_TURN: "cyan",
    Stage.CONTEXT: "white",
    Stage.LLM_FIRST_TOKEN: "magenta",
    Stage.TTS_FIRST_BYTE: "yellow",
    Stage.PLAYOUT: "green",
    Stage.OTHER: "bright_black",
}


class TurnLatency(BaseModel):
    turn_id: str
    at: Moment
    stages: TurnStages


class Latency(BaseModel):
    """`missed`: how many turns were over budget, by the stage that it is put down to; `median`: by stage."""

    turns: list[TurnLatency]
    median: dict[Stage, float]
    missed: dict[Stage, int]


def latency_of(turns: Sequence[TurnRecord]) -> Latency:
    """Of the turns that answered speech, oldest first."""
    told = [
        TurnLatency(turn_id=t.turn.turn_id, at=t.turn.started_at, stages=t.turn.stages)
        for t in turns
        if t.turn.stages is not None
    ]
    values = {stage: [v for t in told if (v := t.stages.of(stage)) is not None] for stage in Stage}
    return Latency(
        turns=told,
        median={stage: median(found) for stage, found in values.items() if found},
        missed=misses([t.stages for t in told]),
    )


def show_latency(console: Console, latency: Latency) -> None:
    if not latency.turns:
        console.print(Text("No turn of this call answered speech."))
        return
    longest = max(t.stages.total for t in latency.turns)
    width = min(WIDTH, max(console.width - 40, 10))
    table = Table(title="Latency by stage, from the end of the caller's speech", title_justify="left")
    for heading in ("at", "total", "stages", "over budget"):
        table.add_column(heading, no_wrap=True)
    for turn in latency.turns:
        missed = turn.stages.missed.value if turn.stages.missed else ""
        total = milliseconds(turn.stages.total)
        table.add_row(time_of_day(turn.at), total, bar(turn.stages, longest, width), Text(missed, "red"))
    console.print(table)
    legend = Table(title="Median", title_justify="left")
    for heading in ("stage", "median", "turns over budget"):
        legend.add_column(heading)
    for stage, value in latency.median.items():
        missed = str(latency.missed.get(stage, ""))
        legend.add_row(Text.assemble(("█ ", COLOURS[stage]), stage.value), milliseconds(value), missed)
    console.print(legend)


def bar(stages: TurnStages, longest: float, width: int) -> Text:
    """One block a stage, as long as its share; cut at rounded sums, so that the whole is as long as the total."""
    text, spent, drawn = Text(), 0.0, 0
    for stage in Stage:
        spent += stages.of(stage) or 0.0
        end = min(round(spent / longest * width), width)
        text.append("█" * (end - drawn), COLOURS[stage])
        drawn = end
    return text
