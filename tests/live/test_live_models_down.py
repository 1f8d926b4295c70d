"""Speech services that are down: the caller always hears something, reads what no voice said, and is served again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from live_room import LiveRoom
from live_samples import support
from livekit import rtc
from test_live_alone import hears

from policy.breaker import Breaker
from workers.caller.caller import Caller
from workers.caller.events import AgentSpeechStarted
from workers.demo.hearing import hears_any

pytestmark = pytest.mark.stack

PHRASES = support().phrases
QUESTION = "What are your opening hours on Saturdays?"
SOON = 6.0
"""Seconds to the first sound on a busy machine; 3 s are promised."""


@pytest.fixture
async def room(alone: LiveRoom) -> AsyncIterator[LiveRoom]:
    yield alone
    await alone.fault("all", "none")


class Screen:
    """What is written in the room, as any front end shows it."""

    def __init__(self, caller: Caller) -> None:
        self.text = ""
        self._reading: set[asyncio.Task[None]] = set()
        caller._room.register_text_stream_handler("lk.transcription", self._on_stream)

    def _on_stream(self, reader: rtc.TextStreamReader, _: str) -> None:
        self._reading.add(asyncio.create_task(self._read(reader)))

    async def _read(self, reader: rtc.TextStreamReader) -> None:
        async for piece in reader:
            self.text += piece

    async def shows(self, words: str, within: float = 20) -> None:
        async with asyncio.timeout(within):
            while words not in self.text:  # noqa: ASYNC110 (the stream tells nobody else)
                await asyncio.sleep(0.05)


def latency(caller: Caller) -> float:
    """Seconds from the end of what the caller last said to the first sound of the agent."""
    started = [event for event in caller.events if isinstance(event, AgentSpeechStarted) and event.latency_ms]
    return (started[-1].latency_ms or 0.0) / 1000


@pytest.mark.parametrize("kind", ["error", "hang"])
async def test_without_a_voice_the_words_are_in_the_room_and_the_caller_is_told(room: LiveRoom, kind: str) -> None:
    caller = await room.ring()
    await hears(caller, PHRASES.greeting)
    screen = Screen(caller)
    await room.fault("speech", kind)
    await caller.say(QUESTION)
    await hears(caller, PHRASES.voiceless)
    print(f"{kind}: {latency(caller):.2f} s to the first sound")
    assert latency(caller) < SOON
    await screen.shows("ten to four on Saturdays")
    await room.fault("all", "none")
    await asyncio.sleep(Breaker.longest_seconds + 1)  # by then it was tried again, whoever asks
    await caller.say(QUESTION)
    answer = await caller.wait_heard(30)
    assert answer is not None and hears_any(answer.text, ("weekdays",)), answer
    await caller.hang_up()


async def test_a_call_that_begins_without_a_voice_is_greeted_in_scripted_words(room: LiveRoom) -> None:
    await room.fault("speech", "error")
    caller = await room.ring()
    await hears(caller, PHRASES.greeting)
    await caller.hang_up()


async def test_without_recognition_the_caller_is_asked_to_say_it_again_and_then_understood(room: LiveRoom) -> None:
    await room.fault("listen", "error")
    caller = await room.ring()
    await hears(caller, PHRASES.greeting)
    await caller.say(QUESTION)
    await hears(caller, PHRASES.cannot_hear)
    print(f"{latency(caller):.2f} s to the request to say it again")
    await room.fault("all", "none")
    await caller.say(QUESTION)
    answer = await caller.wait_heard(30)
    assert answer is not None and hears_any(answer.text, ("weekdays",)), answer
    await caller.hang_up()
