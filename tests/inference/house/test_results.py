"""Tool results as speech, and the conventions that a result may use."""

from __future__ import annotations

from typing import Any

import pytest

from inference.house.conversation import ToolRun, parse_result
from inference.house.failures import failure
from inference.house.verbalise import outcome
from tests.inference.house.dialogue import Dialogue, calls, said
from tests.inference.house.toolsets import GREENHOUSE, LIBRARY, TODAY


def spoken(result: Any, asked: str = "", name: str = "lookup_loan", **arguments: Any) -> str:
    return outcome(ToolRun(name, arguments, result), asked)


def test_money_dates_and_booleans_are_said_as_words() -> None:
    told = spoken(
        {
            "loan_id": "2041",
            "title": "The Odyssey",
            "due_on": "2026-03-20",
            "fee": 3.5,
            "currency": "EUR",
            "renewable": False,
        },
        loan_id="2041",
    )
    assert "The Odyssey" in told
    assert "due on March 20" in told
    assert "3.50 EUR" in told
    assert "not renewable" in told


def test_the_field_that_was_asked_for_comes_first_when_there_are_many() -> None:
    record = {
        "status": "out",
        "shelf": "B4",
        "pages": 300,
        "fee": 3.5,
        "currency": "EUR",
        "copies": 2,
        "language": "greek",
    }
    told = spoken(record, "how much is the fee")
    assert "3.50 EUR" in told
    assert "300" not in told and "greek" not in told


def test_lists_are_counted_and_shortened() -> None:
    told = spoken({"nights": ["2026-03-20", "2026-03-21", "2026-03-22", "2026-03-23"]}, name="list_free_nights")
    assert told.startswith("There are 4 nights: March 20")
    assert told.endswith("and 1 more.")
    assert spoken({"nights": []}, name="list_free_nights") == "I found no nights."
    assert "Emma" in spoken([{"id": 4, "title": "Emma", "price": 5, "currency": "EUR"}], name="find_book")


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ({"error": "not_found"}, "could not find loan 2041"),
        ({"found": False}, "could not find loan 2041"),
        ({"error": "not_found", "message": "No loan has that number"}, "No loan has that number."),
        ("Error: no such loan", "could not find loan 2041"),
        ({"status": "denied", "reason": "The reviewer said no to it"}, "not allowed"),
        ({"status": "expired"}, "ran out"),
        ("The request was refused by the reviewer.", "not allowed"),
        ({"isError": True, "content": [{"type": "text", "text": "database is away"}]}, "did not work"),
        ({"ok": False, "message": "The roof is stuck"}, "The roof is stuck."),
    ],
)
def test_failures_are_told_plainly(result: Any, words: str) -> None:
    run = ToolRun("lookup_loan", {"loan_id": "2041"}, parse_result(result) if isinstance(result, str) else result)
    assert words in failure(run)
    assert "sorry" in outcome(run, "")


@pytest.mark.parametrize(
    "result",
    [
        {"loan_id": "2041", "status": "declined", "title": "Emma", "copies": 2, "shelf": "B4", "language": "en"},
        {"error": None, "status": "ok"},
        {"items": [], "errors": 0},
    ],
)
def test_what_only_looks_like_a_failure_is_none(result: Any) -> None:
    assert failure(ToolRun("t", {}, result)) == ""


def test_an_effect_is_told_with_amount_and_what_it_was_for() -> None:
    run = ToolRun(
        "waive_fee", {"loan_id": "2041"}, {"fee_id": "f1", "amount": 3.5, "currency": "EUR", "status": "done"}
    )
    told = outcome(run, "", effect=True)
    assert told == "I have waived the fee of 3.50 EUR for loan 2041."


def test_say_is_spoken_exactly() -> None:
    talk = Dialogue("You help in a greenhouse.", GREENHOUSE)
    talk.say("close the vents")
    assert (
        said(talk.result({"say": "The vents close in a minute, stand back!", "status": "x"}))
        == "The vents close in a minute, stand back!"
    )


def test_prose_and_python_literals_and_mcp_content_are_understood() -> None:
    assert spoken("**Bed 7** is dry.\nIt was watered on Monday.\nMore.") == "Bed 7 is dry. It was watered on Monday."
    assert parse_result("{'a': True, 'b': None}") == {"a": True, "b": None}
    assert parse_result('[{"type":"text","text":"{\\"a\\": 1}"}]') == {"a": 1}
    assert parse_result('{"content":[{"type":"text","text":"hi"}],"isError":false}') == "hi"


@pytest.fixture
def waiting() -> Dialogue:
    talk = Dialogue(f"You work in a library. {TODAY}", LIBRARY)
    talk.say("renew loan 2041 until next friday")
    asked = {
        "tool": "renew_loan",
        "arguments": {"loan_id": "2041", "until": "2026-03-20"},
        "question": "Renew the Odyssey until March 20?",
    }
    assert said(talk.result({"needs_confirmation": asked})) == "Renew the Odyssey until March 20?"
    return talk


@pytest.mark.parametrize(
    "words", ["yes", "yes please", "go ahead", "that's right, go ahead", "Sure.", "yes please renew it"]
)
def test_yes_makes_the_confirmed_call(waiting: Dialogue, words: str) -> None:
    assert calls(waiting.say(words)) == [("renew_loan", {"loan_id": "2041", "until": "2026-03-20"})]
    assert "renewed loan 2041" in said(waiting.result({"status": "done"}))


@pytest.mark.parametrize("words", ["no", "no thanks", "please don't", "never mind", "no, leave it"])
def test_no_leaves_it(waiting: Dialogue, words: str) -> None:
    assert "left it" in said(waiting.say(words))
    assert not waiting.say("yes").tool_calls


def test_anything_else_is_handled_as_always(waiting: Dialogue) -> None:
    assert calls(waiting.say("do you have Middlemarch")) == [("find_book", {"title": "Middlemarch"})]
    waiting.result({"title": "Middlemarch", "available": True})
    assert not waiting.say("yes").tool_calls, "a question that was passed over is no longer open"


def test_yes_with_a_change_confirms_nothing(waiting: Dialogue) -> None:
    reply = waiting.say("yes but for loan 3055")
    assert ("renew_loan", {"loan_id": "2041", "until": "2026-03-20"}) not in calls(reply)


def test_the_same_call_is_not_made_twice_in_a_turn() -> None:
    talk = Dialogue("You help in a greenhouse.", GREENHOUSE)
    talk.say("how moist is bed seven")
    assert said(talk.result({"bed_id": "7", "moisture": "dry"}))
