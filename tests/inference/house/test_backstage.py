"""A bounded loop that feeds tool results back until the goal is reached."""

from __future__ import annotations

from tests.inference.house.dialogue import Dialogue, calls, said, text, tool
from tests.inference.house.toolsets import GREENHOUSE, LIBRARY, TODAY

SYSTEM = f"You are the clerk role. Reach the goal with the tools, then answer in one spoken sentence. {TODAY}"
LOAN = {
    "loan_id": "2041",
    "title": "The Odyssey",
    "fee": {"amount": 3.5, "currency": "EUR"},
    "amount": 3.5,
    "currency": "EUR",
}


def test_a_read_supplies_what_the_effect_needs() -> None:
    loop = Dialogue(SYSTEM, LIBRARY)
    assert calls(loop.say("Goal: The book was late because I was ill and I want the fee waived, about loan 2041.")) == [
        ("lookup_loan", {"loan_id": "2041"})
    ]
    ((name, arguments),) = calls(loop.result(LOAN))
    assert name == "waive_fee"
    assert arguments.pop("reason")
    assert arguments == {"loan_id": "2041", "amount": 3.5, "currency": "EUR"}
    assert (
        said(loop.result({"status": "done", "amount": 3.5, "currency": "EUR"}))
        == "I have waived the fee of 3.50 EUR for loan 2041."
    )


def test_a_denied_effect_is_told_honestly() -> None:
    loop = Dialogue(SYSTEM, LIBRARY)
    loop.say("Goal: Waive the late fee of loan 2041.")
    loop.result(LOAN)
    assert "not allowed" in said(loop.result({"status": "denied", "reason": "The reviewer turned it down"}))


def test_a_failed_lookup_ends_the_loop() -> None:
    loop = Dialogue(SYSTEM, LIBRARY)
    loop.say("Goal: Waive the late fee of loan 9999.")
    assert "could not find loan 9999" in said(loop.result({"error": "not_found"}))


def test_no_effect_is_called_that_the_goal_does_not_ask_for() -> None:
    loop = Dialogue(SYSTEM, LIBRARY)
    assert calls(loop.say("Goal: Find out when loan 2041 is due and whether there is a fee.")) == [
        ("lookup_loan", {"loan_id": "2041"})
    ]
    assert said(loop.result(LOAN))


def test_two_effects_follow_one_another() -> None:
    loop = Dialogue(SYSTEM, GREENHOUSE)
    assert calls(loop.say("Goal: Water bed 7 for ten minutes and then close the roof vents.")) == [
        ("water_bed", {"bed_id": "7", "minutes": 10})
    ]
    assert calls(loop.result({"status": "done"})) == [("set_vents", {"position": "closed"})]
    told = said(loop.result({"status": "done"}))
    assert "watered bed 7" in told and "the vents, position closed" in told


def test_a_tool_named_in_the_goal_is_honoured() -> None:
    tools = [*LIBRARY, tool("archive_record", "Archive a record of the house.", {"loan_id": text("Loan number")})]
    assert calls(Dialogue(SYSTEM, tools).say("Goal: use archive_record for loan 2041"))[0] == (
        "archive_record",
        {"loan_id": "2041"},
    )


def test_earlier_results_in_the_context_supply_arguments() -> None:
    loop = Dialogue(SYSTEM, [entry for entry in LIBRARY if entry["function"]["name"] != "lookup_loan"])
    known = '{"loan_id": "2041", "amount": 3.5, "currency": "EUR"}'
    request = f"Goal: Waive the late fee of loan 2041.\nResults of earlier steps: {known}"
    ((name, arguments),) = calls(loop.say(request))
    assert name == "waive_fee"
    assert arguments["amount"] == 3.5 and arguments["currency"] == "EUR"


def test_what_cannot_be_known_is_asked_and_not_invented() -> None:
    loop = Dialogue(SYSTEM, [entry for entry in LIBRARY if entry["function"]["name"] != "lookup_loan"])
    assert said(loop.say("Goal: Waive the late fee of loan 2041.")) == "What is the amount of the fee?"
