"""The caller in a real room, over real WebRTC, with a participant that answers in its own voice."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import pytest
from livekit import api, rtc

from workers.caller.caller import Caller
from workers.caller.ear import Ear
from workers.caller.events import AgentJoined, AgentLeft, AgentSpeechStarted, Event, Heard, NothingHeard
from workers.caller.front_door import Invitation
from workers.caller.microphone import Microphone, MicrophoneMode
from workers.caller.segments import Segment
from workers.caller.speech import Speech
from workers.stack.stack import Stack

pytestmark = pytest.mark.stack

E = TypeVar("E", bound=Event)
REPLY = "Your order has arrived, and everything is fine."


@pytest.fixture(scope="module")
async def livekit(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    data = tmp_path_factory.mktemp("livekit")
    async with Stack.start(data=data, auto_ports=True, only={"livekit"}) as stack:
        yield stack


@pytest.fixture(scope="module")
async def speech() -> Speech:
    return await Speech.load()


def token(stack: Stack, room: str, identity: str, kind: str = "standard") -> str:
    signed = api.AccessToken(stack.env["LIVEKIT_API_KEY"], stack.env["LIVEKIT_API_SECRET"])
    grants = api.VideoGrants(room_join=True, room=room)
    return signed.with_identity(identity).with_kind(kind).with_grants(grants).to_jwt()  # type: ignore[arg-type]


def invitation(stack: Stack, room: str) -> Invitation:
    url = stack.env["LIVEKIT_URL"]
    return Invitation(session_id=room, room=room, url=url, token=token(stack, room, "caller"), identity="caller")


class Notes:
    """Keeps events, and lets a test wait for the nth of a kind."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._news = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, event: Event) -> None:
        self._events.append(event)
        self._tasks.add(asyncio.create_task(self._tell()))

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def until(self, kind: type[E], number: int) -> E:
        async with self._news, asyncio.timeout(30):
            await self._news.wait_for(lambda: len(self._of(kind)) >= number)
        return self._of(kind)[number - 1]

    def _of(self, kind: type[E]) -> list[E]:
        return [e for e in self._events if isinstance(e, kind)]


class Answerer:
    """An agent by kind: says the same thing whenever its caller has finished, and keeps what it heard."""

    def __init__(self, speech: Speech, *, answers: bool = True) -> None:
        self.answers = answers
        self.room = rtc.Room()
        self.mic = Microphone(MicrophoneMode.SPEECH)
        self.heard: list[str] = []
        self.heard_something = asyncio.Event()
        self._speech = speech
        self._ears: list[Ear] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def join(self, stack: Stack, name: str, identity: str = "agent-1") -> None:
        self.room.on("track_subscribed", self._subscribed)
        await self.room.connect(stack.env["LIVEKIT_URL"], token(stack, name, identity, "agent"))
        await self.mic.publish(self.room)

    def _subscribed(self, track: rtc.Track, _: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant) -> None:
        ear = Ear(participant.identity, track, on_start=lambda *_: None, on_segment=self._segment)
        self._ears.append(ear)

    def _segment(self, _: Ear, segment: Segment) -> None:
        self._tasks.append(asyncio.create_task(self._answer(segment)))

    async def _answer(self, segment: Segment) -> None:
        self.heard.append(await self._speech.words(segment.pcm))
        self.heard_something.set()
        if self.answers:
            await self.say(REPLY)

    async def say(self, text: str) -> None:
        await self.mic.play(await self._speech.voice(text))

    async def leave(self) -> None:
        for ear in self._ears:
            await ear.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.mic.aclose()
        await self.room.disconnect()


@asynccontextmanager
async def answering(stack: Stack, speech: Speech, room: str, *, answers: bool = True) -> AsyncIterator[Answerer]:
    answerer = Answerer(speech, answers=answers)
    await answerer.join(stack, room)
    try:
        yield answerer
    finally:
        await answerer.leave()


async def test_speaks_hears_and_measures(livekit: Stack, speech: Speech) -> None:
    async with answering(livekit, speech, "talk") as agent:
        caller = Caller(invitation(livekit, "talk"), speech)
        await caller.join()
        said = await caller.say("Where is my order number four one seven?")
        heard = await caller.wait_heard(15)
        left = await caller.hang_up()
    assert heard is not None and "order has arrived" in heard.text.lower()
    assert any("417" in text.replace("-", "").replace(" ", "") for text in agent.heard), agent.heard
    assert 1.5 < (said.ended_at - said.started_at).total_seconds() < 5
    # The answerer waits 0.9 s of silence, then transcribes and speaks: less cannot be, much more is a wrong clock.
    assert heard.latency_ms is not None and 900 < heard.latency_ms < 4000
    assert heard.started_at > said.ended_at
    assert left.utterances_heard == 1 and left.agent_spoke_seconds > 1.5
    assert [type(e).__name__ for e in caller.events].count("AgentJoined") == 1


async def test_waits_for_the_agent_to_finish_unless_it_barges_in(livekit: Stack, speech: Speech) -> None:
    long = "Let me tell you about our opening hours. " * 3
    notes = Notes()
    async with answering(livekit, speech, "turns", answers=False) as agent:
        caller = Caller(invitation(livekit, "turns"), speech, on_event=notes)
        await caller.join()
        for number, barge_in in enumerate((False, True), start=1):
            talking = asyncio.create_task(agent.say(long))
            await notes.until(AgentSpeechStarted, number)
            said = await caller.say("Excuse me.", barge_in=barge_in)
            assert talking.done() is not barge_in
            await talking
            heard = await notes.until(Heard, number)
            assert (said.started_at < heard.ended_at) is barge_in
        await caller.hang_up()


async def test_what_was_on_its_way_when_the_caller_spoke_is_no_answer(livekit: Stack, speech: Speech) -> None:
    async with answering(livekit, speech, "late") as agent:
        caller = Caller(invitation(livekit, "late"), speech)
        await caller.join()
        talking = asyncio.create_task(agent.say("Welcome, what can I do for you today?"))
        await caller.say("Is my order here?", barge_in=True)
        await talking
        heard = await caller.wait_heard(15)
        await caller.hang_up()
    assert heard is not None and "everything is fine" in heard.text.lower()


async def test_an_agent_that_dies_in_mid_sentence_is_silence_and_then_gone(livekit: Stack, speech: Speech) -> None:
    answerer = Answerer(speech, answers=False)
    await answerer.join(livekit, "death")
    notes = Notes()
    caller = Caller(invitation(livekit, "death"), speech, on_event=notes)
    await caller.join()
    talking = asyncio.create_task(answerer.say("I am going to tell you something important about " * 3))
    await caller.say("Hello?", barge_in=True)
    await answerer.leave()
    await asyncio.gather(talking, return_exceptions=True)
    heard = await notes.until(Heard, 1)  # begun before the caller spoke, so it is no answer, but it was heard
    assert "going to tell" in heard.text
    assert any(isinstance(e, AgentLeft) for e in caller.events)
    async with answering(livekit, speech, "death", answers=False) as second:
        await second.say("I am here again.")
        again = await caller.wait_heard(10)
        assert again is not None and "here again" in again.text.lower()
        assert len([e for e in caller.events if isinstance(e, AgentJoined)]) == 2
    await caller.hang_up()


@pytest.mark.parametrize("mode", [MicrophoneMode.OFF, MicrophoneMode.SILENCE, MicrophoneMode.NOISE])
async def test_a_microphone_without_speech(livekit: Stack, speech: Speech, mode: MicrophoneMode) -> None:
    room = f"mic-{mode}"
    async with answering(livekit, speech, room) as agent:
        seen: asyncio.Future[rtc.RemoteParticipant] = asyncio.get_running_loop().create_future()
        agent.room.on("participant_connected", lambda p: seen.done() or seen.set_result(p))
        caller = Caller(invitation(livekit, room), speech, microphone=mode)
        await caller.join()
        # The server shows a participant that publishes nothing to others after about 3 s.
        participant = await asyncio.wait_for(seen, 10)
        with pytest.raises(RuntimeError, match="--microphone speech"):
            await caller.say("Hello?")
        assert await caller.wait_heard(1.5) is None
        assert isinstance(caller.events[-1], NothingHeard)
        assert bool(participant.track_publications) is (mode is not MicrophoneMode.OFF)
        await caller.hang_up()
    assert not any(agent.heard)


async def test_a_participant_that_is_no_agent_is_not_listened_to(livekit: Stack, speech: Speech) -> None:
    stranger = rtc.Room()
    mic = Microphone(MicrophoneMode.SPEECH)
    await stranger.connect(livekit.env["LIVEKIT_URL"], token(livekit, "strangers", "stranger"))
    await mic.publish(stranger)
    caller = Caller(invitation(livekit, "strangers"), speech)
    await caller.join()
    await mic.play(await speech.voice("I am an agent, believe me."))
    assert await caller.wait_heard(2) is None
    await caller.hang_up()
    await mic.aclose()
    await stranger.disconnect()
    assert not [e for e in caller.events if isinstance(e, (AgentJoined, Heard))]


async def test_the_process_says_why_it_cannot_call() -> None:
    command = (sys.executable, "-m", "workers.caller", "--front-door", "http://127.0.0.1:9", "--composition", "support")
    process = await asyncio.create_subprocess_exec(
        *command, "--subject", "p1", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 1
    trouble = json.loads(out)
    assert trouble["event"] == "trouble" and "make dev" in trouble["message"]


async def test_a_killed_caller_drops_out_of_the_room(livekit: Stack, speech: Speech) -> None:
    """SIGKILL of the process: its participant lingers, then goes without goodbye."""
    code = f"""
import asyncio
from livekit import rtc
async def main():
    room = rtc.Room()
    await room.connect({livekit.env["LIVEKIT_URL"]!r}, {token(livekit, "killed", "caller")!r})
    print("in", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""
    async with answering(livekit, speech, "killed") as agent:
        gone = asyncio.get_running_loop().create_future()
        agent.room.on("participant_disconnected", lambda p: gone.done() or gone.set_result(p.disconnect_reason))
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None and await process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        await process.wait()
        reason = await asyncio.wait_for(gone, 40)
        assert reason != rtc.DisconnectReason.CLIENT_INITIATED
