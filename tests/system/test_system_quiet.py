"""A caller who cannot be heard: no microphone, a silent one, noise alone."""

from __future__ import annotations

import asyncio

import pytest
from system_backstage import Backstage
from system_call import Call
from system_ring import Ring
from system_switches import for_seconds

from contracts.session import Speaker
from workers.caller.events import AgentJoined, AgentLeft, Heard
from workers.caller.microphone import MicrophoneMode
from workers.demo.hearing import hears_words

pytestmark = pytest.mark.stack

WAITS_ON = 18.0
"""Longer than the agent took to ask: it would have asked again by then."""


async def test_a_caller_who_cannot_be_heard_is_asked_once_and_then_waited_for(ring: Ring, backstage: Backstage) -> None:
    modes = (MicrophoneMode.OFF, MicrophoneMode.SILENCE, MicrophoneMode.NOISE)
    calls = [await ring(microphone=mode, greeted=False) for mode in modes]
    await asyncio.gather(*(asked(call) for call in calls))
    await for_seconds(WAITS_ON)
    for mode, call in zip(modes, calls, strict=True):
        heard = [event.text for event in call.events if isinstance(event, Heard)]
        questions = [text for text in heard if hears_words(text, "still there")]  # heard in one piece or in two
        assert len(questions) == 1, f"{mode}: {heard}"
        assert sum(isinstance(event, AgentJoined) for event in call.events) == 1, mode
        assert not any(isinstance(event, AgentLeft) for event in call.events), mode
    await asyncio.gather(*(call.hang_up() for call in calls))
    for mode, call in zip(modes, calls, strict=True):
        over = await backstage.session_over(call.session_id)
        assert over.end_reason == "the caller hung up", mode
        turns = [record.turn for record in backstage.records.turns(call.session_id)]
        assert not [turn for turn in turns if turn.speaker is Speaker.CALLER], mode
        assert backstage.epoch(call.session_id) == 1, mode


async def asked(call: Call) -> None:
    await call.greeted()
    await call.hear_phrase(call.phrases.still_there, within=40)
