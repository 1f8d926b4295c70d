"""Every part of the stack is killed in every state of a call, and while a tool runs on both sides of its commit.

`make faults` runs all cells and prints the table; some run with every `make test`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from fault_databases import Database
from fault_states import Scene, State, situation
from fault_table import Cell, Matrix
from fault_verdict import WITHIN, WITHIN_AFTER_MEDIA, heard_again, told_once
from fault_victims import Victim, aim
from system_backstage import Backstage, Reviewer
from system_ring import Ring
from system_services import BreakableShop
from system_switches import Switches

from contracts.names import new_id
from workers.stack.stack import Stack

pytestmark = pytest.mark.stack

ALWAYS = {
    (Victim.AGENT, State.AGENT),
    (Victim.DURABLE, State.BEFORE),
    (Victim.TEMPORAL, State.APPROVAL),
    (Victim.POSTGRES, State.AFTER),
}
"""What every `make test` runs. The rest carries the marker `faults`."""


def cells(*victims: Victim) -> list[object]:
    return [
        pytest.param(
            victim,
            state,
            id=f"{victim.name}-{state.name}".lower(),
            marks=() if (victim, state) in ALWAYS else pytest.mark.faults,
        )
        for victim in victims
        for state in State
    ]


@dataclass
class Stage:
    stack: Stack
    database: Database
    switches: Switches
    ring: Ring
    shop: BreakableShop
    backstage: Backstage
    reviewer: Reviewer
    matrix: Matrix


@pytest.fixture
def stage(
    stack: Stack,
    database: Database,
    switches: Switches,
    ring: Ring,
    shop: BreakableShop,
    backstage: Backstage,
    reviewer: Reviewer,
    matrix: Matrix,
) -> Stage:
    return Stage(stack, database, switches, ring, shop, backstage, reviewer, matrix)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("victim", "state"), cells(*(v for v in Victim if v is not Victim.SQLITE)))
async def test_a_call_and_its_task_survive(victim: Victim, state: State, stage: Stage) -> None:
    await survive(stage, stage.matrix.cell(victim, state))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("victim", "state"), cells(Victim.SQLITE))
async def test_a_call_and_its_task_survive_a_locked_file(victim: Victim, state: State, stage: Stage) -> None:
    await survive(stage, stage.matrix.cell(victim, state))


async def survive(stage: Stage, cell: Cell) -> None:
    """One cell: into the state, the blow, the proof; then the call and its task go on to their end."""
    victim, state = cell.victim, cell.state
    order, subject = await stage.shop.fresh_order(), new_id("subject")
    call = await stage.ring(subject, composition=state.composition)
    scene = Scene(stage.ring, stage.shop, stage.backstage, stage.reviewer, order, subject, call)
    now = situation(state, scene)
    strike = await aim(victim, stage.stack, stage.switches, stage.database)
    (agent,) = call.caller.agents()
    try:
        await now.enter()
        mark = call.mark
        now.note()
        death = await strike()
        try:
            cell.speech_seconds, heard = await heard_again(victim, state, scene, death, now, agent, mark)
            cell.found.append(heard)
            cell.proof += await now.prove(death)
            limit = WITHIN_AFTER_MEDIA if victim is Victim.LIVEKIT else WITHIN
            assert cell.speech_seconds <= limit, f"heard something only after {cell.speech_seconds:.2f} s"
            await now.go_on()
            cell.found += await told_once(state, scene, death, now)
        finally:
            await death.back
    finally:
        await now.close()
        print("\n".join([*cell.proof, *cell.found]))
