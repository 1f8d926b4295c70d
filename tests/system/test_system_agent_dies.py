"""An agent dies, its worker dies, or it only stops for a while: the caller always has exactly one agent."""

from __future__ import annotations

import os
import signal

import pytest
from system_backstage import Backstage
from system_call import Call
from system_ring import Ring
from system_switches import Switches, for_seconds
from system_waiting import until

from workers.caller.events import AgentSpeechStarted, now
from workers.demo.hearing import hears_any, hears_word

pytestmark = pytest.mark.stack

FACT = "purple elephant"


async def test_after_sigkill_of_the_agent_or_its_worker_another_one_goes_on_with_what_was_said(
    ring: Ring, backstage: Backstage, switches: Switches
) -> None:
    call = await ring()
    await call.ask(f"Please remember that my code phrase is {FACT}.", bool, "an answer", times=1)
    first, worker = await switches.agent()
    mark = call.mark
    await call.say("How long is the warranty?")
    await call.agent_speaks(since=mark, within=20)
    await replaced(call, first, "SIGKILL of the agent")
    await epoch_is(backstage, call, 2)
    await recalls(call)

    second, worker = await switches.agent(but=first)
    await replaced(call, switches.pid(worker), "SIGKILL of the worker")
    _, now = await switches.agent(but=second)
    assert now != worker
    await epoch_is(backstage, call, 3)
    await recalls(call)
    assert len(call.caller.agents()) == 1


async def test_an_agent_that_stops_for_five_seconds_is_replaced_and_never_speaks_again(
    ring: Ring, backstage: Backstage, switches: Switches
) -> None:
    call = await ring()
    first, _ = await switches.agent()
    (stopped,) = call.caller.agents()
    mark = call.mark
    async with switches.paused(first):
        await for_seconds(5)
        await call.another_agent(since=mark, within=20)
    await call.agent_speaks(since=mark, within=20, but=stopped)
    await until(lambda: only_agent_but(call, stopped), 30, "exactly one agent left, and not the one that had stopped")
    mark = call.mark
    await call.ask("What are your opening hours on Saturdays?", lambda t: hears_any(t, ("ten", "10")), "an answer")
    voices = {event.identity for event in call.events[mark:] if isinstance(event, AgentSpeechStarted)}
    assert len(voices) == 1 and stopped not in voices, call.story()
    assert len(call.caller.agents()) == 1
    await epoch_is(backstage, call, 2)


async def only_agent_but(call: Call, stopped: str) -> bool:
    agents = call.caller.agents()
    return len(agents) == 1 and stopped not in agents


async def replaced(call: Call, pid: int, what: str) -> None:
    """Kills, and prints how long it took until another agent was there, and until it spoke."""
    mark, dead = call.mark, call.caller.agents()[-1]
    began = now()
    os.kill(pid, signal.SIGKILL)
    joined = await call.another_agent(since=mark, within=20)
    spoke = await call.agent_speaks(since=mark, within=20, but=dead)
    print(f"{what}: another agent in the room after {(joined.at - began).total_seconds():.2f} s, "
          f"speaking after {(spoke.at - began).total_seconds():.2f} s")  # fmt: skip


async def recalls(call: Call) -> None:
    await call.ask("What is my code phrase?", lambda t: all(hears_word(t, w) for w in FACT.split()), "the fact")


async def epoch_is(backstage: Backstage, call: Call, number: int) -> None:
    await backstage.until(lambda: backstage.epoch(call.session_id) >= number, 20, f"epoch {number}")
    assert backstage.epoch(call.session_id) == number
