"""Which tool is called, with which arguments, for tools that the model has never seen."""

from __future__ import annotations

import pytest

from tests.inference.house.dialogue import Dialogue, calls, said, text, tool
from tests.inference.house.toolsets import GREENHOUSE, LIBRARY, OBSERVATORY, SHOP, SHOP_FACTS, TODAY, VET


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("how moist is bed seven", ("look_up_bed", {"bed_id": "7"})),
        ("What grows in bed 12?", ("look_up_bed", {"bed_id": "12"})),
        ("please water bed seven for twenty minutes", ("water_bed", {"bed_id": "7", "minutes": 20})),
        (
            "could you water bed number 3 for 5 minutes with fertiliser",
            ("water_bed", {"bed_id": "3", "minutes": 5, "fertiliser": True}),
        ),
        (
            "water bed 4 for ten minutes without fertiliser please",
            ("water_bed", {"bed_id": "4", "minutes": 10, "fertiliser": False}),
        ),
        ("it's hot in here, open the roof vents fully", ("set_vents", {"position": "fully_open"})),
        ("close the vents", ("set_vents", {"position": "closed"})),
        ("set the roof vents half open", ("set_vents", {"position": "half_open"})),
    ],
)
def test_greenhouse(words: str, expected: tuple[str, dict[str, object]]) -> None:
    assert calls(Dialogue("You help in a greenhouse.", GREENHOUSE).say(words)) == [expected]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("when is loan two zero four one due", ("lookup_loan", {"loan_id": "2041"})),
        ("my loan number is 2041. when is it due?", ("lookup_loan", {"loan_id": "2041"})),
        ("do you have the old man and the sea", ("find_book", {"title": "old man and the sea"})),
        ("is there a copy of Middlemarch on the shelf?", ("find_book", {"title": "Middlemarch"})),
        ("please renew loan 2041 until march twentieth", ("renew_loan", {"loan_id": "2041", "until": "2026-03-20"})),
        ("renew loan twenty forty one until next friday", ("renew_loan", {"loan_id": "2041", "until": "2026-03-20"})),
        ("can I keep loan 2041 longer until 2026-04-02", ("renew_loan", {"loan_id": "2041", "until": "2026-04-02"})),
    ],
)
def test_library(words: str, expected: tuple[str, dict[str, object]]) -> None:
    assert calls(Dialogue(f"You work in a library. {TODAY}", LIBRARY).say(words)) == [expected]


def test_several_typed_arguments_from_one_sentence() -> None:
    reply = Dialogue(f"You run an observatory. {TODAY}", OBSERVATORY).say(
        "I would like to book the telescope tomorrow at half past nine in the evening for four people to see saturn, "
        "my email is maria dot lopez at example dot com"
    )
    expected = {"night": "2026-03-14", "people": 4, "target": "saturn", "email": "maria.lopez@example.com"}
    ((name, arguments),) = calls(reply)
    assert name == "book_telescope"
    assert arguments.pop("start").startswith("21:30")
    assert arguments == expected


def test_missing_arguments_are_asked_one_by_one() -> None:
    talk = Dialogue(f"You answer for a vet clinic. {TODAY}", VET)
    assert said(talk.say("I need to book a visit for my dog, he is limping")) == "What is the owner's name?"
    assert said(talk.say("maria lopez")) == "What is the date of the visit?"
    ((name, arguments),) = calls(talk.say("tomorrow please"))
    assert name == "book_visit"
    assert arguments["animal"] == "dog"
    assert arguments["owner_name"].lower() == "maria lopez"
    assert arguments["date"] == "2026-03-14"
    assert "limping" in arguments["reason"]


def test_a_missing_value_is_asked_again_when_the_answer_holds_none() -> None:
    talk = Dialogue("You work in a library.", LIBRARY)
    question = said(talk.say("when is my loan due"))
    assert question == "What is the loan number?"
    assert said(talk.say("erm I think it is somewhere")).endswith(question)
    assert calls(talk.say("ah yes two oh four one")) == [("lookup_loan", {"loan_id": "2041"})]


def test_a_number_that_belongs_to_something_else_is_not_taken() -> None:
    tools = [*LIBRARY, *GREENHOUSE]
    assert said(Dialogue("You help.", tools).say("when is the loan from bed seven due")) == "What is the loan number?"


def test_elliptical_follow_up_uses_the_last_tool() -> None:
    talk = Dialogue("You help in a greenhouse.", GREENHOUSE)
    talk.say("how moist is bed seven")
    talk.result({"bed_id": "7", "moisture": "dry"})
    assert calls(talk.say("and what about bed nine")) == [("look_up_bed", {"bed_id": "9"})]
    talk.result({"bed_id": "9", "moisture": "wet"})
    assert calls(talk.say("water it for five minutes")) == [("water_bed", {"bed_id": "9", "minutes": 5})]


@pytest.mark.parametrize("number", ["four one seven", "four hundred and seventeen", "417.", "4 1 7", "4-1-7", "#417"])
def test_shop_number_however_it_was_heard(number: str) -> None:
    assert calls(Dialogue(SHOP_FACTS, SHOP).say(f"where is my order {number}")) == [
        ("lookup_order", {"order_id": "417"})
    ]


def test_shop_story() -> None:
    talk = Dialogue(SHOP_FACTS, SHOP)
    assert calls(talk.say("where is my order four one seven")) == [("lookup_order", {"order_id": "417"})]
    spoken = said(
        talk.result(
            {"order_id": "417", "item": "blue kettle", "status": "delivered", "amount": 240.0, "currency": "USD"}
        )
    )
    assert "417" in spoken and "delivered" in spoken and "240.00 USD" in spoken
    ((name, arguments),) = calls(talk.say("it arrived broken and I want my money back"))
    assert name == "delegate"
    assert "arrived broken" in arguments["goal"] and "money back" in arguments["goal"] and "417" in arguments["goal"]
    assert said(talk.result({"say": "I have passed that on."})) == "I have passed that on."
    assert calls(talk.say("by the way, do you have the blue kettle in stock?")) == [
        ("check_stock", {"item": "blue kettle"})
    ]
    assert "in stock" in said(talk.result({"item": "blue kettle", "in_stock": True, "quantity": 3}))
    assert "Saturday from ten to four" in said(talk.say("what are your opening hours on saturday"))
    talk.say("please remember my locker code is blue heron seven")
    assert (
        said(talk.say("what was the word I asked you to remember"))
        == "You told me your locker code is blue heron seven."
    )


@pytest.mark.parametrize(
    "words",
    [
        "tell me a joke",
        "what is the capital of france",
        "I feel wonderful today",
        "my name is Maria Lopez",
        "that's interesting",
    ],
)
def test_no_tool_is_called_for_what_none_fits(words: str) -> None:
    assert said(Dialogue(SHOP_FACTS, SHOP).say(words))


def test_a_small_mishearing_still_finds_the_tool() -> None:
    assert (
        calls(Dialogue("You work in a library.", LIBRARY).say("can you look up lone 2041 in the loans"))[0][0]
        == "lookup_loan"
    )
    assert (
        calls(Dialogue("You run an observatory.", OBSERVATORY).say("which nights in may is the telescop free"))[0][0]
        == "list_free_nights"
    )


def test_tool_choice_none_required_and_named() -> None:
    talk = Dialogue("You help in a greenhouse.", GREENHOUSE)
    assert said(talk.say("water bed seven for ten minutes", tool_choice="none"))
    assert len(calls(talk.say("hello bed 3", tool_choice="required"))) == 1
    named = {"type": "function", "function": {"name": "look_up_bed"}}
    assert calls(talk.say("water bed 5 for ten minutes", tool_choice=named)) == [("look_up_bed", {"bed_id": "5"})]


def test_two_wishes_become_two_calls_unless_calls_may_not_be_parallel() -> None:
    words = "how moist is bed seven and what grows in bed nine and when is loan 2041 due"
    names = [name for name, _ in calls(Dialogue("You help.", [*GREENHOUSE, *LIBRARY]).say(words))]
    assert names == ["look_up_bed", "lookup_loan"]
    one = Dialogue("You help.", [*GREENHOUSE, *LIBRARY]).say(words, parallel_tool_calls=False)
    assert len(calls(one)) == 1


def test_a_tool_added_later_is_used_without_any_change() -> None:
    talk = Dialogue("You help in a greenhouse.", GREENHOUSE)
    assert said(talk.say("please count the bees in the hive"))
    talk.tools = [
        *GREENHOUSE,
        tool("count_bees", "Count the bees in a hive.", {"hive": text("Which hive", enum=["north", "south"])}),
    ]
    assert said(talk.say("please count the bees in the hive")) == "Which hive is it?"
    assert calls(talk.say("the south one")) == [("count_bees", {"hive": "south"})]


def test_strict_schema_optional_parameters_become_null() -> None:
    strict = tool(
        "ring_bell",
        "Ring the bell of the tower.",
        {"times": {"type": "integer"}, "note": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
    )
    assert calls(Dialogue("You help.", [strict]).say("ring the bell three times")) == [
        ("ring_bell", {"times": 3, "note": None})
    ]
