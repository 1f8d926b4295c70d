"""What went wrong once in longer conversations, and must not again."""

from __future__ import annotations

import pytest

from inference.house.acts import fact_to_remember
from tests.inference.house.dialogue import Dialogue, calls, said, text, tool
from tests.inference.house.toolsets import GREENHOUSE, LIBRARY

PASS_ON = tool(
    "pass_on",
    "Start work backstage that changes something: waive a late fee because a caller was ill or a book was damaged, "
    "move a pick-up to another day.",
    {"goal": text("What the caller wants, in one sentence that stands alone")},
    confirmed={"type": "boolean", "default": False, "description": "True only after the caller said yes"},
)
DESK = [*[entry for entry in LIBRARY if entry["function"]["name"] in ("lookup_loan", "find_book")], PASS_ON]
STATE = 'Request "I was ill and want the late fee waived, about loan 2041." is waiting for a colleague\'s decision.'
FACTS = "You work in a library. Opening hours: We are open from nine to six. We are closed on Sundays."


def test_the_entity_is_added_where_the_words_name_it_without_its_number() -> None:
    talk = Dialogue(FACTS, DESK)
    talk.say("My loan number is 2041.")
    ((_, arguments),) = calls(talk.say("OK. The loan was damaged by rain and I'd like the late fee waived, please."))
    assert arguments["goal"].startswith("The loan was damaged")
    assert "about loan 2041" in arguments["goal"]
    assert "confirmed" not in arguments


def test_consent_is_never_read_out_of_a_wish() -> None:
    ((_, arguments),) = calls(
        Dialogue(FACTS, DESK).say("please confirm and waive the late fee of loan 2041, confirmed")
    )
    assert "confirmed" not in arguments


def test_a_number_of_something_else_is_not_taken_from_earlier_turns() -> None:
    talk = Dialogue(FACTS, DESK)
    talk.say("Remember that the gate code is four two nine one.")
    assert said(talk.say("when is my loan due")) == "What is the loan number?"


@pytest.mark.parametrize("words", ["is there any news?", "what is happening with my late fee", "is it decided yet"])
def test_the_state_of_a_request_is_told_from_the_context_block(words: str) -> None:
    assert "waiting for a colleague's decision" in said(Dialogue(f"{FACTS}\n{STATE}", DESK).say(words))


def test_without_any_state_no_news_is_made_up() -> None:
    assert "do not know" in said(Dialogue(FACTS, DESK).say("is there any news?"))


def test_a_label_before_a_fact_is_not_spoken() -> None:
    assert said(Dialogue(FACTS, DESK).say("what are your opening hours")) == "We are open from nine to six."


@pytest.mark.parametrize("words", ["asdf qwer", "the the the", "what was the word"])
def test_noise_after_a_look_up_is_no_follow_up(words: str) -> None:
    talk = Dialogue(FACTS, DESK)
    talk.say("do you have Middlemarch")
    talk.result({"title": "Middlemarch", "available": True})
    assert said(talk.say(words))


def test_recall_of_what_was_never_told_is_honest() -> None:
    talk = Dialogue(FACTS, DESK)
    talk.say("remember that my locker code is nine")
    assert "do not remember" in said(talk.say("did I tell you my birthday"))


def test_remember_it_means_the_sentence_before() -> None:
    assert fact_to_remember("The word is marigold. Please remember it.") == "The word is marigold"
    assert fact_to_remember("Remember it.") == ""


def test_a_digit_misheard_as_for_is_repaired_only_between_digits() -> None:
    talk = Dialogue("You work in a library.", LIBRARY)
    assert calls(talk.say("when is loan number for one seven two due")) == [("lookup_loan", {"loan_id": "4172"})]
    garden = Dialogue("You help in a greenhouse.", GREENHOUSE)
    assert calls(garden.say("water bed three for five minutes")) == [("water_bed", {"bed_id": "3", "minutes": 5})]


def test_one_of_several_records_is_chosen_only_when_it_was_named() -> None:
    slots = {
        "pickups": [
            {"pickup_id": "3", "day": "Monday", "time": "10:00"},
            {"pickup_id": "4", "day": "Tuesday", "time": "10:00"},
        ]
    }
    tools = [
        tool("list_pickups", "List the free pick-ups by day and time."),
        tool(
            "book_pickup",
            "Book a pick-up of books.",
            {"pickup_id": text("The number of the pick-up", pattern=r"^\d+$")},
        ),
    ]
    named = Dialogue("You work in a library.", tools)
    assert calls(named.say("Goal: Book a pick-up on Tuesday.")) == [("list_pickups", {})]
    assert calls(named.result(slots)) == [("book_pickup", {"pickup_id": "4"})]
    open_choice = Dialogue("You work in a library.", tools)
    open_choice.say("Goal: Book a pick-up.")
    assert "There are 2 pickups" in said(open_choice.result(slots))


def test_an_empty_search_does_not_end_a_loop_that_has_another_way() -> None:
    tools = [
        *LIBRARY,
        tool(
            "find_waiver",
            "Find out whether a fee was already waived, and the amount.",
            {"loan_id": text("Loan number")},
        ),
    ]
    loop = Dialogue("You are a clerk.", tools)
    made = [call[0] for call in calls(loop.say("Goal: Waive the late fee of loan 2041."))]
    assert made == ["lookup_loan"]
    assert calls(loop.result({"loan_id": "2041", "amount": "3.50", "currency": "EUR"}))[0][0] == "waive_fee"
