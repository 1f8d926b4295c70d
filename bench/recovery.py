"""SIGKILL of the agent in a call -> a new agent in the room, and -> its first audio, as the caller sees and hears it.

First with the death watch, which learns of a death from the kernel; then without it, by missed heartbeats alone.

python -m bench.recovery --kills 20
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import tempfile
from pathlib import Path

from bench.figures import line
from bench.watcher import PATIENCE, Watcher
from workers.caller.caller import Caller
from workers.caller.events import AgentJoined, AgentSpeechStarted, now
from workers.caller.front_door import ask_for_session
from workers.caller.speech import Speech
from workers.demo.victims import agents_in_a_room
from workers.stack.stack import Stack


async def measure(kills: int) -> None:
    with tempfile.TemporaryDirectory(prefix="gr-", dir="/tmp") as folder:
        async with Stack.start(data=Path(folder), auto_ports=True) as stack:
            speech, watcher = await Speech.load(), Watcher()
            invitation = await ask_for_session(stack.address("front-door"), composition="support", subject="bench")
            caller = Caller(invitation, speech, on_event=watcher)
            await caller.join()
            await caller.wait_heard(PATIENCE)
            table = await kill_again_and_again(stack, caller, watcher, "death watch", kills)
            await stack.down("deathwatch")
            table += await kill_again_and_again(stack, caller, watcher, "heartbeat alone", kills)
            await caller.hang_up()
    print("\n".join(table))


async def kill_again_and_again(stack: Stack, caller: Caller, watcher: Watcher, witness: str, kills: int) -> list[str]:
    """Kills the agent in the call that often, and returns the lines of the figures."""
    joined: list[float] = []
    speaking: list[float] = []
    for number in range(1, kills + 1):
        workers = [pid for name, pid in stack.pids.items() if name.startswith("voice")]
        (victim,) = agents_in_a_room(workers, stack.env["LIVEKIT_URL"])
        killed = now()
        os.kill(victim, signal.SIGKILL)
        there = await watcher.next(AgentJoined, killed)
        heard = await watcher.next(AgentSpeechStarted, there)
        joined.append((there - killed).total_seconds() * 1000)
        speaking.append((heard - killed).total_seconds() * 1000)
        print(f"{witness} {number:3}: in the room after {joined[-1]:5.0f} ms, speaking after {speaking[-1]:5.0f} ms")
        await caller.wait_heard(PATIENCE)
    return [
        line(f"{witness}: SIGKILL -> new agent in the room", joined),
        line(f"{witness}: SIGKILL -> new agent's first audio", speaking),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    asyncio.run(measure(parser.parse_args().kills))
