"""Dialogue acts, by words alone."""

from __future__ import annotations

import pytest

from inference.house.acts import Act, act_of, fact_to_remember
from tests.inference.house.dialogue import Dialogue, said


@pytest.mark.parametrize(
    ("words", "act"),
    [
        ("Hi there!", Act.GREETING),
        ("good morning", Act.GREETING),
        ("thank you very much", Act.THANKS),
        ("great, thanks", Act.THANKS),
        ("thanks, bye", Act.GOODBYE),
        ("Thank you very much, goodbye.", Act.GOODBYE),
        ("yes", Act.AFFIRM),
        ("Yes, that is correct.", Act.AFFIRM),
        ("yes please", Act.AFFIRM),
        ("go ahead", Act.AFFIRM),
        ("okay do it", Act.AFFIRM),
        ("no thanks", Act.DENY),
        ("No.", Act.DENY),
        ("never mind", Act.DENY),
        ("can you please repeat the last part?", Act.REPEAT),
        ("sorry what did you say", Act.REPEAT),
        ("pardon?", Act.REPEAT),
        ("remember that my code is five", Act.REMEMBER),
        ("do you remember my code", Act.QUESTION),
        ("what time do you close on saturday", Act.QUESTION),
        ("is it far", Act.QUESTION),
        ("tell me, please, when do you open", Act.QUESTION),
        ("let me know, is it far", Act.QUESTION),
        ("I want to speak to a real person", Act.REQUEST),
        ("please send the confirmation to my email address", Act.REQUEST),
        ("could we set up a plan", Act.REQUEST),
        ("the roof is leaking", Act.STATEMENT),
        ("I lost my job last month", Act.STATEMENT),
        ("um", Act.EMPTY),
        ("...", Act.EMPTY),
        ("", Act.EMPTY),
        ("[noise]", Act.STATEMENT),
    ],
)
def test_act(words: str, act: Act) -> None:
    assert act_of(words) is act


def test_what_is_to_be_remembered() -> None:
    assert fact_to_remember("Please remember that my Code is Blue Heron.") == "my Code is Blue Heron"
    assert fact_to_remember("I do not remember my code") == ""
    assert fact_to_remember("do you remember my code?") == ""


def test_conversation_about_itself() -> None:
    talk = Dialogue("You are Iris, a guide.")
    assert said(talk.say("hello")) == "Hello, this is Iris. How can I help you?"
    assert said(talk.say("sorry, can you repeat that?")) == "Hello, this is Iris. How can I help you?"
    assert said(talk.say("thank you")).startswith("You are welcome")
    assert said(talk.say("")).startswith("Sorry")
    assert said(talk.say("bye bye")).startswith("Goodbye")
