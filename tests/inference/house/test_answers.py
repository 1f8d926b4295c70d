"""Questions answered from the prompt and the conversation, and honesty where nothing is known."""

from __future__ import annotations

import pytest

from tests.inference.house.dialogue import Dialogue, said
from tests.inference.house.toolsets import GREENHOUSE, LIBRARY, SHOP, SHOP_FACTS, VET

FACTS = """You are Vera, the voice of the Hillside clinic. Be brief and friendly.
The clinic is at twelve Mill Road, behind the school.
- Parking costs two euros an hour.
- A vaccination takes about ten minutes.
- Doctor Okafor looks after birds.
Never give medical advice. If the caller is upset, offer a colleague.
Known so far:
- [t3] caller: my parrot is called Captain Flint
- [t4] agent: I will note that.
- caller said: the gate code is green otter nine
- visit: tomorrow at ten, waiting for a colleague's decision
"""


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("where is the clinic", "twelve Mill Road"),
        ("how much is parking?", "two euros an hour"),
        ("how long does a vaccination take", "ten minutes"),
        ("who looks after birds", "Okafor"),
        ("who are you", "I am Vera"),
        ("what's my parrot called", "your parrot is called Captain Flint"),
        ("do you remember the gate code", "gate code is green otter nine"),
        ("is there any news about my visit", "waiting for a colleague's decision"),
        ("are you a robot?", "automated assistant"),
    ],
)
def test_facts_of_the_prompt(question: str, expected: str) -> None:
    assert expected in said(Dialogue(FACTS, VET).say(question))


def test_what_the_caller_said_long_ago_is_recalled_with_pronouns_turned() -> None:
    talk = Dialogue("You work in a library.", LIBRARY)
    assert (
        said(talk.say("please remember my locker code is blue heron seven"))
        == "I will remember that your locker code is blue heron seven."
    )
    for _ in range(15):
        talk.say("do you have Middlemarch")
        talk.result({"title": "Middlemarch", "available": True})
    assert said(talk.say("what is my locker code?")) == "You told me your locker code is blue heron seven."
    assert said(talk.say("what did I ask you to remember")) == "You told me your locker code is blue heron seven."


def test_a_bare_word_to_remember() -> None:
    talk = Dialogue("You help.", GREENHOUSE)
    talk.say("please remember the word marigold")
    assert said(talk.say("what was the word I asked you to remember?")) == "You asked me to remember the word marigold."


def test_the_latest_of_two_is_told() -> None:
    talk = Dialogue("You help.", GREENHOUSE)
    talk.say("remember that my locker code is four")
    talk.say("remember that my locker code is nine")
    assert "nine" in said(talk.say("what is my locker code"))


@pytest.mark.parametrize("question", ["what is the meaning of life", "who won the match", "how tall is the tower"])
def test_unknown_is_said_and_abilities_offered(question: str) -> None:
    told = said(Dialogue("You help in a greenhouse.", GREENHOUSE).say(question))
    assert "do not know" in told
    assert "I can look up a garden bed" in told


def test_instructions_are_never_told_as_facts() -> None:
    assert "Never promise" not in said(Dialogue(SHOP_FACTS, SHOP).say("can you promise a date"))
    assert "medical" not in said(Dialogue(FACTS, VET).say("what is medical advice"))


def test_a_question_that_a_summary_repeats_is_no_answer() -> None:
    told = f"{FACTS}Earlier in this call: How long does a vaccination take? Where can I park on Sundays?\n"
    assert "ten minutes" in said(Dialogue(told, VET).say("how long does a vaccination take?"))
    assert "?" not in said(Dialogue(told, VET).say("where can I park on Sundays?"))


def test_facts_beat_a_tool_that_matches_weakly() -> None:
    assert "thirty days" in said(Dialogue(SHOP_FACTS, SHOP).say("how long are returns accepted"))


def test_nothing_in_a_picture_is_made_up() -> None:
    talk = Dialogue("You help.", GREENHOUSE)
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    assert "cannot describe pictures" in said(talk.say([{"type": "text", "text": "what do you see here?"}, picture]))  # type: ignore[arg-type]
    assert "cannot describe pictures" in said(talk.say([picture]))  # type: ignore[arg-type]
