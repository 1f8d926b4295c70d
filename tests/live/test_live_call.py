"""A real call over real audio: greeted, understood as one turn across a pause, heard out to the last word."""

from __future__ import annotations

import asyncio
import signal

import httpx
import numpy as np
import psutil
import pytest

from contracts.names import SNAPSHOT_QUERY
from contracts.session import SessionSnapshot, Speaker
from inference.engines.base import SPEAK_RATE, Pcm16
from workers.caller.caller import Caller
from workers.caller.events import AgentSpeechStarted
from workers.caller.front_door import Invitation, ask_for_session
from workers.caller.speech import Speech
from workers.demo.run import settings_of
from workers.settings import load_settings
from workers.stack.stack import Stack
from workers.temporal import connect

pytestmark = pytest.mark.stack


class PausingSpeech(Speech):
    """`|` is a pause of 0.3 s with no sound at all."""

    async def voice(self, text: str) -> Pcm16:
        pause = np.zeros(round(0.3 * SPEAK_RATE), np.int16)
        parts = [trimmed(await super(PausingSpeech, self).voice(part)) for part in text.split("|")]
        joined: list[Pcm16] = []
        for part in parts:
            joined += [pause, part] if joined else [part]
        return np.concatenate(joined)


def trimmed(pcm: Pcm16) -> Pcm16:
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 500)
    return pcm[loud[0] : loud[-1]]


async def rung(stack: Stack, subject: str) -> tuple[Caller, Invitation]:
    speech: Speech = await PausingSpeech.load()
    invitation = await ask_for_session(stack.address("front-door"), composition="support", subject=subject)
    caller = Caller(invitation, speech)
    await caller.join()
    return caller, invitation


async def snapshot(stack: Stack, session_id: str) -> SessionSnapshot:
    client = await connect(load_settings(**settings_of(stack)), identity="tests")
    handle = client.get_workflow_handle(f"session/{session_id}")
    answer: SessionSnapshot = await handle.query(SNAPSHOT_QUERY, result_type=SessionSnapshot)
    return answer


async def said(stack: Stack, session_id: str, speaker: Speaker, count: int) -> list[str]:
    """The recorded turns of a side, once there are that many."""
    async with asyncio.timeout(20):
        while True:
            turns = [t.text.body for t in (await snapshot(stack, session_id)).turns if t.speaker is speaker]
            if len(turns) >= count:
                return turns
            await asyncio.sleep(0.2)


async def test_a_pause_inside_a_sentence_is_no_end_of_turn(stack: Stack) -> None:
    caller, invitation = await rung(stack, "subject-live-call")
    greeting = await caller.wait_heard(30)
    assert greeting is not None and "support assistant" in greeting.text.lower()
    await caller.say("Please tell me|when are you open|on Saturday?")
    answer = await caller.wait_heard(30)
    assert answer is not None and "saturday" in answer.text.lower()
    turns = await said(stack, invitation.session_id, Speaker.CALLER, 1)
    assert len(turns) == 1 and "saturday" in turns[0].lower(), turns
    starts = [event for event in caller.events if isinstance(event, AgentSpeechStarted)]
    assert not any(event.over_caller for event in starts), "the agent spoke into the caller's pause"
    await caller.hang_up()


async def test_the_last_words_before_hanging_up_are_kept(stack: Stack) -> None:
    caller, invitation = await rung(stack, "subject-live-goodbye")
    await caller.wait_heard(30)
    await caller.say("Thank you very much, goodbye.")
    await caller.hang_up()
    (last,) = await said(stack, invitation.session_id, Speaker.CALLER, 1)
    assert "goodbye" in last.lower() or "thank" in last.lower()


async def test_a_worker_that_is_stopped_under_a_call_hands_it_on(stack: Stack) -> None:
    caller, _ = await rung(stack, "subject-live-stop")
    assert await caller.wait_heard(30) is not None
    (first,) = caller.agents()
    worker = await busy_worker(stack)
    stopping = psutil.Process(stack.pid(worker))
    await stack.down(worker, signal.SIGTERM)
    try:
        again = await caller.wait_heard(30)
        while again is not None and again.identity == first:  # the rest of what it was saying
            again = await caller.wait_heard(30)
        assert again is not None and "gone for a moment" in again.text.lower(), again
        assert not stopping.is_running()
    finally:
        await stack.up(worker)
        await caller.hang_up()


async def busy_worker(stack: Stack) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        for name in ("voice-1", "voice-2"):
            state = (await client.get(f"{stack.address(name)}/worker")).json()
            if state["active_jobs"]:
                return name
    raise AssertionError("no voice worker has the call")
