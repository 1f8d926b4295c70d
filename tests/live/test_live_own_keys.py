"""With the user's own services every request carries the user's key, and no log line does."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from live_room import LiveRoom, live_room
from live_samples import support
from recording_proxy import RecordingProxy, recording_proxy
from test_live_alone import hears

from workers.demo.hearing import hears_any
from workers.own_services import own_services
from workers.stack.stack import Stack

pytestmark = pytest.mark.stack

OPENAI_KEY, DEEPGRAM_KEY = "sk-test-4f1d8a90c2", "dg-test-77ab03e51f"
PHRASES = support().phrases


@pytest.fixture
async def own() -> AsyncIterator[tuple[LiveRoom, RecordingProxy]]:
    data = Path(tempfile.mkdtemp(prefix="gr-keys-", dir="/tmp"))  # short: Unix sockets live in it
    try:
        async with (
            Stack.start(data=data / "house", auto_ports=True, only=["inference"]) as house,
            recording_proxy(house.address("inference")) as proxy,
        ):
            chosen = own_services(
                {"OPENAI_API_KEY": OPENAI_KEY, "DEEPGRAM_API_KEY": DEEPGRAM_KEY},
                {"OPENAI_BASE_URL": f"{proxy.url}/v1", "DEEPGRAM_BASE_URL": f"{proxy.url}/v1/listen"},
            )
            async with live_room(data / "stack", needs="livekit, migrate", env=chosen.env) as room:
                yield room, proxy
    finally:
        shutil.rmtree(data)


async def test_every_service_is_asked_with_the_key_and_no_log_holds_it(own: tuple[LiveRoom, RecordingProxy]) -> None:
    room, proxy = own
    caller = await room.ring()
    await hears(caller, PHRASES.greeting)
    await caller.say("What are your opening hours on Saturdays?")
    answer = await caller.wait_heard(30)
    assert answer is not None and hears_any(answer.text, ("weekdays",)), answer
    await caller.hang_up()
    assert proxy.keys("/v1/audio/speech") == {f"Bearer {OPENAI_KEY}"}
    assert proxy.keys("/v1/chat/completions") == {f"Bearer {OPENAI_KEY}"}
    assert proxy.keys("/v1/listen") == {f"Token {DEEPGRAM_KEY}"}
    said = [line for name in room.stack.names for line in room.stack.logs(name)]
    said += [file.read_text() for file in (room.stack.data / "logs").iterdir()]
    assert said and not any(re.search(f"{OPENAI_KEY}|{DEEPGRAM_KEY}", line) for line in said)
