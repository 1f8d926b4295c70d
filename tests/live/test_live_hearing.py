"""Words that nobody can make out are asked for again, once; what no voice said was not heard."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest
from live_samples import FACTS
from livekit.agents import AgentSession, llm, stt, tts
from livekit.agents.voice.events import (
    ConversationItemAddedEvent,
    ErrorEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
    UserTranscriptionTimeoutEvent,
)
from livekit.rtc.event_emitter import EventEmitter

from contracts.latency import LatencyBudget
from contracts.phrases import Phrases
from contracts.session import Turn
from live.context import CallContext
from live.hearing import Hearing
from live.measuring import Measuring
from policy.readback import ReadBack

PHRASES = Phrases(greeting="Hello.")


class Session(EventEmitter[Any]):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def say(self, words: str) -> None:
        self.said.append(words)


class World:
    def __init__(self) -> None:
        self.session, self.reachable, self.waits, self.signs = Session(), True, False, 0
        self.turns: list[Turn] = []
        self.read_back = ReadBack()
        self.hearing = Hearing(FACTS, self, self.read_back, Measuring(CallContext(), LatencyBudget()))
        self.hearing.listen(
            cast("AgentSession[None]", self.session),
            phrases=PHRASES,
            reachable=lambda: self.reachable,
            waits=lambda: self.waits,
            sign_of_life=self.sign,
        )

    def turn_ended(self, turn: Turn) -> None:
        self.turns.append(turn)

    def sign(self) -> None:
        self.signs += 1

    def no_words(self, seconds: float = 1.5) -> None:
        event = UserTranscriptionTimeoutEvent(speech_duration=seconds, vad_speech_started_at=time.time())
        self.session.emit("user_transcription_timeout", event)

    def words(self, text: str) -> None:
        self.session.emit("user_input_transcribed", UserInputTranscribedEvent(transcript=text, is_final=True))

    def away(self) -> None:
        self.session.emit("user_state_changed", UserStateChangedEvent(old_state="listening", new_state="away"))

    def fails(self, error: stt.STTError | tts.TTSError) -> None:
        self.session.emit("error", ErrorEvent(error=error, source=cast(Any, SimpleNamespace(label="x"))))
        assert error.recoverable, "no failure of a model ends the call"

    def agent_said(self, text: str) -> None:
        message = llm.ChatMessage(role="assistant", content=[text])
        self.session.emit("conversation_item_added", ConversationItemAddedEvent(item=message))


def deaf() -> stt.STTError:
    return stt.STTError(timestamp=0.0, label="stt", error=RuntimeError("down"), recoverable=True)


def mute() -> tts.TTSError:
    return tts.TTSError(timestamp=0.0, label="tts", error=RuntimeError("down"), recoverable=False)


@pytest.fixture
async def world() -> World:
    return World()


async def test_words_that_were_not_understood_are_asked_for_once_until_words_come(world: World) -> None:
    for _ in range(3):
        world.no_words()
        world.away()
    assert world.session.said == [PHRASES.not_understood]
    world.words("Where is my order?")
    world.no_words()
    assert world.session.said == [PHRASES.not_understood] * 2 and world.signs == 1


async def test_while_recognition_is_down_the_caller_is_told_so(world: World) -> None:
    world.fails(deaf())
    world.no_words()
    assert world.session.said == [PHRASES.cannot_hear]
    world.words("Hello?")
    world.no_words()
    assert world.session.said == [PHRASES.cannot_hear, PHRASES.not_understood]


async def test_a_cough_and_a_caller_who_cannot_hear_us_are_left_alone(world: World) -> None:
    world.no_words(0.3)
    world.reachable = False
    world.no_words()
    world.away()
    assert world.session.said == []


async def test_a_caller_who_silently_waits_for_us_is_not_asked(world: World) -> None:
    world.waits = True
    world.away()
    assert world.session.said == []
    world.waits = False
    world.away()
    assert world.session.said == [PHRASES.still_there]


async def test_a_question_that_no_voice_read_out_is_not_answered_by_a_yes(world: World) -> None:
    world.read_back.asked("Refund order 417")
    world.fails(mute())
    world.agent_said("Just to be sure: Refund order 417. Shall I go ahead?")
    world.read_back.caller_spoke("Yes")
    assert world.hearing.lost_synthesis == 1
    assert not world.read_back.honours("Refund order 417")
    world.agent_said("Just to be sure: Refund order 417. Shall I go ahead?")
    world.read_back.caller_spoke("Yes")
    assert world.read_back.honours("Refund order 417"), "heard this time"
