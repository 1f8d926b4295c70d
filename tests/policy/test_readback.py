"""Nothing irreversible on a misheard word."""

from __future__ import annotations

import pytest

from policy.readback import ReadBack

GOAL = "Refund order 417, 240.00 USD"
QUESTION = f"Just to be sure: {GOAL}. Shall I go ahead?"


def read(question: str = QUESTION, *, interrupted: bool = False, answer: str | None = "Yes, please.") -> ReadBack:
    read_back = ReadBack()
    read_back.asked(GOAL)
    read_back.agent_spoke(question, interrupted=interrupted)
    if answer is not None:
        read_back.caller_spoke(answer)
    return read_back


def test_a_goal_that_was_read_back_and_answered_is_honoured_once() -> None:
    read_back = read()
    assert read_back.honours(GOAL)
    assert read_back.honours("refund order 417, 240.00 usd."), "case and punctuation are not another goal"
    read_back.done()
    assert not read_back.honours(GOAL)


@pytest.mark.parametrize(
    ("why", "read_back"),
    [
        ("never asked", ReadBack()),
        ("interrupted", read(interrupted=True)),
        ("not answered", read(answer=None)),
        ("another order was named", read("Just to be sure: refund order 471, 240.00 USD?")),
        ("the number was left out", read("Shall I refund your order in USD?")),
        ("something else was said", read("We are open from nine to six.")),
        ("the caller said no", read(answer="No, wait.")),
        ("the caller said don't", read(answer="Don't do that")),
    ],
)
def test_a_goal_is_not_honoured(why: str, read_back: ReadBack) -> None:
    assert not read_back.honours(GOAL), why


@pytest.mark.parametrize("other", ["Refund order 418, 240.00 USD", "Refund order 417, 2400.00 USD", "Refund order 417"])
def test_a_yes_covers_exactly_the_goal_that_was_read_back(other: str) -> None:
    assert not read().honours(other)


def test_an_answer_before_the_question_ended_does_not_count() -> None:
    read_back = ReadBack()
    read_back.asked(GOAL)
    read_back.caller_spoke("yes")
    read_back.agent_spoke(QUESTION, interrupted=False)
    assert not read_back.honours(GOAL)
    read_back.caller_spoke("yes")
    assert read_back.honours(GOAL)


def test_a_new_question_forgets_the_old_yes() -> None:
    read_back = read()
    read_back.asked("Refund order 500")
    assert not read_back.honours(GOAL)
    assert not read_back.honours("Refund order 500")


@pytest.mark.parametrize("answer", ["Yes", "Sure, go ahead", "Please do", "Nothing speaks against it", "Note it, yes"])
def test_an_answer_that_is_no_plain_no_is_left_to_the_model(answer: str) -> None:
    assert not read(answer=answer).declined
