"""With a second service for each kind, the first ones may all be down: the caller is greeted, understood, answered."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from live_room import LiveRoom, live_room
from live_samples import support
from test_live_alone import hears

from workers.demo.hearing import hears_any
from workers.stack.stack import Stack

pytestmark = pytest.mark.stack

PHRASES = support().phrases


@pytest.fixture
async def doubled() -> AsyncIterator[LiveRoom]:
    data = Path(tempfile.mkdtemp(prefix="gr-second-", dir="/tmp"))  # short: Unix sockets live in it
    try:
        async with Stack.start(data=data / "other", auto_ports=True, only=["inference"]) as other:
            url = other.address("inference")
            env = {
                "GREENROOM_SECOND_CHAT_URL": f"{url}/v1",
                "GREENROOM_SECOND_LISTEN_URL": f"{url}/v1/listen",
                "GREENROOM_SECOND_VOICE_URL": f"{url}/v1",
            }
            async with live_room(data / "stack", env=env) as room:
                yield room
    finally:
        shutil.rmtree(data)


async def test_a_whole_turn_is_served_by_the_second_services(doubled: LiveRoom) -> None:
    for target in ("chat", "speech", "listen"):
        await doubled.fault(target, "error")
    caller = await doubled.ring()
    await hears(caller, PHRASES.greeting)
    await caller.say("What are your opening hours on Saturdays?")
    text = await hears(caller, "nine to six on weekdays", "9 to 6 on weekdays")
    assert not hears_any(text, (PHRASES.unanswered, PHRASES.voiceless, PHRASES.cannot_hear)), text
    await caller.hang_up()
