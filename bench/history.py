"""What histories cost: events and bytes of a task, and of a call of 1,500 turns that continues as new on its way.

python -m bench.history --turns 1500

Real workflows, records and Temporal server; models, tools and rooms are the doubles of the workflow tests. Turns come
by signal, not in real time: `--pause` seconds apart, so that nearly every one has a workflow task of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import BaseModel

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "workflows"))

from test_workflow_approval import gated
from test_workflow_session import call
from test_workflow_task import answer, calls, plan, run
from workflow_world import World, until, words, world

from contracts.names import (
    Signal,
    approval_workflow_id,
    session_workflow_id,
    step_workflow_id,
    summary_workflow_id,
    task_workflow_id,
)
from contracts.session import CallerPresence, Speaker, Turn

CALLER = "Yes, and I wanted to ask what happened to the second item that I told you about before."
AGENT = "I have passed that on, and I will tell you as soon as it is done. Is there anything else?"


class Run(BaseModel):
    """One run of a workflow: its share of the history."""

    workflow: str
    events: int
    bytes: int


class Figures(BaseModel):
    turns: int
    turns_recorded: int
    """Turns in the records at the end: as many as were sent, or some were lost."""
    turns_summarized: int
    """Turns that went into the final summary; the double of its model repeats all words."""
    seconds: float
    read_task: list[Run]
    gated_task: list[Run]
    session: list[Run]
    summary: list[Run]


def turn_id(number: int) -> str:
    return f"item_{number:012x}"


async def runs_of(stage: World, workflow_id: str, name: str) -> list[Run]:
    """All runs of a workflow that has ended, oldest first, as the server counts them."""

    async def complete() -> list[Run]:
        found = [w async for w in stage.client.list_workflows(f"WorkflowId='{workflow_id}'")]
        if not found or any(w.close_time is None for w in found):
            return []  # the list lags behind
        told = []
        for listed in sorted(found, key=lambda w: w.start_time):
            handle = stage.client.get_workflow_handle(workflow_id, run_id=listed.run_id)
            info = (await handle.describe()).raw_description.workflow_execution_info
            told.append(Run(workflow=name, events=info.history_length, bytes=info.history_size_bytes))
        return told

    return await until(complete)


async def a_task_that_reads(stage: World) -> list[Run]:
    result = await run(stage, plan(), {"s1": [calls(("lookup", {"order": "7"})), answer("It is on its way.")]})
    return [
        *await runs_of(stage, task_workflow_id(result.task_id), "task"),
        *await runs_of(stage, step_workflow_id(result.task_id, "s1"), "hand-off"),
    ]


async def a_task_that_waits_for_a_person(stage: World) -> list[Run]:
    gate = await gated(stage)
    await gate.decide("ann")
    await gate.result()
    await gate.handle.result()
    return [
        *await runs_of(stage, task_workflow_id(gate.task_id), "task"),
        *await runs_of(stage, step_workflow_id(gate.task_id, "s1"), "hand-off"),
        *await runs_of(stage, approval_workflow_id(gate.approval_id), "approval"),
    ]


async def a_call(stage: World, turns: int, pause: float) -> tuple[str, float]:
    """A call of so many turns to its end; its session id, and how long it took in seconds."""
    it = await call(stage)
    await it.caller(CallerPresence.PRESENT)
    began = time.monotonic()
    opened = datetime.now(UTC)
    for number in range(turns):
        at = opened + timedelta(seconds=4 * number)
        turn = Turn(
            turn_id=turn_id(number),
            session_id=it.session_id,
            epoch=1,
            role="voice",
            speaker=Speaker.AGENT if number % 2 else Speaker.CALLER,
            text=words(f"{AGENT if number % 2 else CALLER} {number}"),
            started_at=at,
            ended_at=at + timedelta(seconds=3),
        )
        await it.handle.signal(Signal.TURN_ENDED.value, turn)
        await asyncio.sleep(pause)
    took = time.monotonic() - began
    await it.caller(CallerPresence.GONE)
    await asyncio.wait_for(it.handle.result(), 60)
    await it.summary()
    return it.session_id, took


async def measure(turns: int, pause: float) -> Figures:
    with tempfile.TemporaryDirectory(prefix="gr-history-") as folder:
        async with world(Path(folder)) as stage:
            read_task = await a_task_that_reads(stage)
            gated_task = await a_task_that_waits_for_a_person(stage)
            session_id, took = await a_call(stage, turns, pause)
            [artifact] = [a for a in stage.records.artifacts(session_id) if a.kind == "summary"]
            return Figures(
                turns=turns,
                turns_recorded=len(stage.records.turns(session_id)),
                turns_summarized=sum(f"[{turn_id(n)}]" in artifact.body.body for n in range(turns)),
                seconds=round(took, 1),
                read_task=read_task,
                gated_task=gated_task,
                session=await runs_of(stage, session_workflow_id(session_id), "session"),
                summary=await runs_of(stage, summary_workflow_id(session_id), "summary"),
            )


def table(figures: Figures) -> str:
    def row(name: str, runs: Sequence[Run]) -> str:
        events, size = sum(r.events for r in runs), sum(r.bytes for r in runs)
        detail = ", ".join(f"{r.workflow} {r.events}" for r in runs)
        return f"{name:36} {events:7} events {size / 1000:9.1f} kB   {detail}"

    session = sum(r.events for r in figures.session)
    return "\n".join(
        [
            row("task of one step that reads", figures.read_task),
            row("task whose effect a person approves", figures.gated_task),
            row(f"call of {figures.turns} turns", figures.session),
            row("its summary", figures.summary),
            f"{session / figures.turns:.1f} events a turn, {len(figures.session) - 1} times continued as new; "
            f"{figures.turns_recorded} turns recorded, {figures.turns_summarized} summarized of {figures.turns}; "
            f"signals took {figures.seconds:.0f} s",
        ]
    )


async def main(turns: int, pause: float, as_json: bool) -> int:
    figures_only = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # the server greets on the standard output that it inherits
    figures = await measure(turns, pause)
    print(json.dumps(figures.model_dump(), indent=1) if as_json else table(figures), file=figures_only, flush=True)
    await asyncio.sleep(0.5)  # client calls cancelled just before the interpreter ends can abort it
    return 0 if figures.turns_recorded == figures.turns_summarized == turns else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=1500)
    parser.add_argument("--pause", type=float, default=0.04, help="seconds between two turns")
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.turns, given.pause, given.as_json)))
