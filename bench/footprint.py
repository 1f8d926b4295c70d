"""How long the stack takes to be ready, and the memory of its processes, idle and in calls; shared pages once (PSS).

python -m bench.footprint --calls 1
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psutil

from bench.watcher import PATIENCE
from workers.caller.caller import Caller
from workers.caller.front_door import ask_for_session
from workers.caller.speech import Speech
from workers.demo.victims import agents_in_a_room
from workers.stack.stack import Stack

MEBI = 1024 * 1024


class Footprint(NamedTuple):
    """Of one process: `resident` and `proportional` in MiB, `cpu` in seconds since it started."""

    name: str
    resident: float
    proportional: float
    cpu: float


def footprints(stack: Stack) -> Iterator[Footprint]:
    """One a process: those that the stack starts by their names, their children by what they do."""
    workers = {pid for name, pid in stack.pids.items() if name.startswith("voice")}
    busy = set(agents_in_a_room(workers, stack.env["LIVEKIT_URL"]))
    for name, pid in sorted(stack.pids.items()):
        process = psutil.Process(pid)
        yield of(name, process)
        for child in process.children(recursive=True):
            kind = "  in a call" if child.pid in busy else "  waiting" if pid in workers else f"  {child.name()}"
            yield of(kind, child)


def of(name: str, process: psutil.Process) -> Footprint:
    memory, times = process.memory_full_info(), process.cpu_times()
    return Footprint(name, memory.rss / MEBI, memory.pss / MEBI, times.user + times.system)


def show(title: str, found: list[Footprint]) -> None:
    print(f"\n{title}\n{'process':28} {'RSS MiB':>8} {'PSS MiB':>8} {'CPU s':>7}")
    for each in found:
        print(f"{each.name:28} {each.resident:8.0f} {each.proportional:8.0f} {each.cpu:7.1f}")
    print(f"{'together':28} {'':8} {sum(f.proportional for f in found):8.0f} {sum(f.cpu for f in found):7.1f}")


async def measure(calls: int) -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gr-", dir="/tmp") as folder:
        async with Stack.start(data=Path(folder), auto_ports=True) as stack:
            print(f"ready after {time.monotonic() - began:.0f} s")
            speech = await Speech.load()
            show("idle", list(footprints(stack)))
            callers = []
            for number in range(calls):
                invitation = await ask_for_session(
                    stack.address("front-door"), composition="support", subject=f"bench-{number}"
                )
                caller = Caller(invitation, speech)
                await caller.join()
                await caller.wait_heard(PATIENCE)
                callers.append(caller)
            for caller in callers:
                await caller.say("How long is the warranty?")
                await caller.wait_heard(PATIENCE)
            show(f"{calls} in a call, after one turn each", list(footprints(stack)))
            for caller in callers:
                await caller.hang_up()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1)
    asyncio.run(measure(parser.parse_args().calls))
