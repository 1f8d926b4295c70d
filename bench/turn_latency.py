"""End of the caller's speech -> first agent audio at the caller's ear, over a real stack; and where the time went.

python -m bench.turn_latency --turns 20 [--set GREENROOM_…=VALUE …]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
from itertools import cycle, islice
from pathlib import Path

from bench.figures import line
from workers.caller.caller import Caller
from workers.caller.front_door import ask_for_session
from workers.caller.speech import Speech
from workers.stack.stack import Stack

QUESTIONS = (
    "When are you open on Saturday?",
    "How long is the warranty?",
    "How much is the delivery?",
    "Are you open on Sunday?",
    "Where is my order four one seven?",
    "Tell me, please, when do you open?",
    "How long does standard delivery take?",
)
_TURN = re.compile(r"live\.hearing turn \S+ (user|assistant) ms (\{.*\})")


async def measure(turns: int, env: dict[str, str]) -> None:
    logs: list[str] = []
    heard: list[float] = []
    with tempfile.TemporaryDirectory(prefix="gr-", dir="/tmp") as folder:
        async with Stack.start(
            data=Path(folder), auto_ports=True, env=env, on_log=lambda _name, line: logs.append(line)
        ) as stack:
            speech = await Speech.load()
            front_door = stack.address("front-door")
            invitation = await ask_for_session(front_door, composition="support", subject="bench")
            caller = Caller(invitation, speech)
            await caller.join()
            await caller.wait_heard(15)
            for question in islice(cycle(QUESTIONS), turns):
                await caller.say(question)
                answer = await caller.wait_heard(15)
                if answer is not None and answer.latency_ms is not None:
                    heard.append(answer.latency_ms)
                print(f"{question:40} {answer.latency_ms if answer else None} ms  {answer.text[:60] if answer else ''}")
            await caller.hang_up()
    parts: dict[str, list[float]] = {}
    for logged in logs:
        if (found := _TURN.search(logged)) is not None:
            parts.setdefault(f"{found[1]} turns", []).append(1)
            for name, value in json.loads(found[2].replace("'", '"')).items():
                parts.setdefault(f"{found[1]} {name}", []).append(value)
    print(f"\n{len(heard)} of {turns} answered")
    for name, values in {"caller: end of speech -> first audio": heard, **parts}.items():
        if values:
            print(line(name, values))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    asyncio.run(measure(options.turns, dict(item.split("=", 1) for item in options.set)))
