"""The agent's process is killed in mid-sentence, and the caller goes on with the next one."""

from __future__ import annotations

import os
import signal
import time

from workers.demo import script
from workers.demo.conversation import Conversation
from workers.demo.scene import Scene
from workers.demo.victims import agents_in_a_room

BACK_WITHIN = 3.0


async def agent_dies(scene: Scene, call: Conversation) -> bool:
    """Asks something, kills the agent at its first sound, and listens to who comes. Whether somebody came."""
    checks, caller = scene.checks, call.caller
    name = f"after SIGKILL a new agent was in the room and speaking within {BACK_WITHIN:g} s"
    mark = len(caller.events)
    await caller.say(script.INTERRUPTED_QUESTION)
    try:
        await caller.until(lambda e: e.event == "agent_speech_started", since=mark, within=20)
    except TimeoutError:
        return checks.add(name, False, "the agent did not answer, so it was not killed")
    voices = [pid for process, pid in scene.stack.pids.items() if process.startswith("voice")]
    victims = agents_in_a_room(voices, scene.stack.env["LIVEKIT_URL"])
    if len(victims) != 1:
        return checks.add(name, False, f"one process should be in the room, these are: {victims}")
    scene.family.look()
    mark = len(caller.events)
    os.kill(victims[0], signal.SIGKILL)
    killed = time.monotonic()
    scene.stage.line("kill", f"SIGKILL to the agent's process {victims[0]}, in mid-sentence")
    try:
        joined = await caller.until(lambda e: e.event == "agent_joined", since=mark, within=20)
        spoke = await caller.until(
            lambda e: e.event == "agent_speech_started" and e.identity == joined.identity, since=mark, within=20
        )
    except TimeoutError:
        return checks.add(name, False, "nobody joined and spoke within 20 s")
    there, heard = joined.received - killed, spoke.received - killed
    found = f"in the room after {there:.2f} s, speaking after {heard:.2f} s"
    scene.stage.line("agent", f"{joined.identity} goes on", found)
    checks.add(name, max(there, heard) <= BACK_WITHIN, found)
    await call.hear(bool, since=caller.events.index(joined), within=15)
    return True
