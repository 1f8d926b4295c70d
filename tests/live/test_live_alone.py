"""An agent that was dispatched just before the durable side went away greets, answers, and knows whose call it is."""

from __future__ import annotations

import json

import pytest
from live_room import LiveRoom
from live_samples import support, until

from workers.caller.caller import Caller
from workers.caller.events import AgentSpeechStarted
from workers.demo.hearing import hears_any, hears_phrase
from workers.settings import load_settings
from workers.vault import open_envelope

pytestmark = pytest.mark.stack

PHRASES = support().phrases


async def hears(caller: Caller, *phrases: str, within: float = 30) -> str:
    """Listens until one of the phrases was heard; all that was heard since."""
    text = ""
    while (heard := await caller.wait_heard(within)) is not None:
        text = f"{text} {heard.text}".strip()
        if any(hears_phrase(text, phrase) for phrase in phrases):
            return text
    raise AssertionError(f"none of {phrases} in {text!r}")


async def test_it_greets_and_answers_without_a_snapshot(alone: LiveRoom) -> None:
    caller = await alone.ring()
    await hears(caller, PHRASES.greeting)
    await caller.say("What are your opening hours on Saturdays?")
    answer = await caller.wait_heard(30)
    assert answer is not None and hears_any(answer.text, ("weekdays",)), answer
    await caller.hang_up()


async def test_two_sentences_are_one_utterance_on_either_side(alone: LiveRoom) -> None:
    caller = await alone.ring()
    greeting = await caller.wait_heard(30)
    assert greeting is not None and hears_phrase(greeting.text, PHRASES.greeting), greeting
    await caller.say("Hello. How long is the warranty?")
    answer = await caller.wait_heard(30)
    assert answer is not None and hears_phrase(answer.text, "a warranty of two years"), answer
    starts = [event for event in caller.events if isinstance(event, AgentSpeechStarted)]
    assert len(starts) == 2 and not any(event.over_caller for event in starts), "nobody answered the hello alone"
    await caller.hang_up()


async def test_what_it_is_asked_to_do_is_kept_for_the_right_person(alone: LiveRoom) -> None:
    caller = await alone.ring()
    await hears(caller, PHRASES.greeting)
    await caller.say("I want a refund for order four one seven because it arrived broken.")
    await hears(caller, PHRASES.confirm.replace("{goal}", ""))
    await caller.say("Yes, please.")
    await hears(caller, PHRASES.backstage_away, PHRASES.acknowledge)
    session = caller.invitation.session_id

    cover = open_envelope(load_settings(master_key_file=alone.stack.data / "master.key"))
    assert cover is not None

    def waiting() -> list[dict[str, str]]:
        lines = [
            json.loads(line)
            for file in (alone.stack.data / "spool").glob(f"{session}.*")
            for line in file.read_text().splitlines()
            if line
        ]
        bodies = [line["put"]["body"] for line in lines if line.get("put", {}).get("kind") == "task"]
        assert not any("refund" in body for body in bodies), "what was said is sealed on the disk"
        return [json.loads(cover.open(body)) for body in bodies]

    await until(waiting)
    [request] = waiting()
    assert (request["subject_id"], request["composition"]) == (f"subject-{session}", "support")
    await caller.hang_up()


async def test_a_successor_without_a_snapshot_says_that_it_is_back(alone: LiveRoom) -> None:
    caller = await alone.ring(epoch=2)
    await hears(caller, PHRASES.recovered)
    await caller.hang_up()
