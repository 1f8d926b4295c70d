"""SIGKILL of the agent in a call -> a new agent in the room, and -> its first audio, as the caller sees and hears it.

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
    joined: list[float] = []
    speaking: list[float] = []
    with tempfile.TemporaryDirectory(prefix="gr-", dir="/tmp") as folder:
        async with Stack.start(data=Path(folder), auto_ports=True) as stack:
            speech, watcher = await Speech.load(), Watcher()
            invitation = await ask_for_session(stack.address("front-door"), composition="support", subject="bench")
            caller = Caller(invitation, speech, on_event=watcher)
            await caller.join()
            await caller.wait_heard(PATIENCE)
            for number in range(1, kills + 1):
                workers = [pid for name, pid in stack.pids.items() if name.startswith("voice")]
                (victim,) = agents_in_a_room(workers, stack.env["LIVEKIT_URL"])
                killed = now()
                os.kill(victim, signal.SIGKILL)
                there = await watcher.next(AgentJoined, killed)
                heard = await watcher.next(AgentSpeechStarted, there)
                joined.append((there - killed).total_seconds() * 1000)
                speaking.append((heard - killed).total_seconds() * 1000)
                print(f"kill {number:3}: in the room after {joined[-1]:5.0f} ms, speaking after {speaking[-1]:5.0f} ms")
                await caller.wait_heard(PATIENCE)
            await caller.hang_up()
    print(line("SIGKILL -> new agent in the room", joined))
    print(line("SIGKILL -> new agent's first audio", speaking))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    asyncio.run(measure(parser.parse_args().kills))
