"""What a reviewer reads first: short, complete, and honest about what an action rests on."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import BOOK, LOOKUP, MAIL, REFUND, at, known, words

from contracts.approval import Editable
from contracts.base import Content
from contracts.context import Trust
from contracts.handoff import HandoffContext, Message, ProposedCall
from contracts.rules import ApprovalRule
from contracts.task import StepResult, StepStatus
from policy import briefing
from policy.authority import GateVerdict

SAID = "caller: I want my money back for order 417.\nagent: I will tell you as soon as it is decided.\ncaller: Thanks."
RULE = ApprovalRule(
    id="refunds", tool="refund", reason="money leaves", editable={"amount": Editable(at_most="original")}
)
VERDICT = GateVerdict(gated=True, rule_id="refunds", reason="money leaves", rule=RULE)


def context(**changes: Any) -> HandoffContext:
    fields: dict[str, Any] = {
        "task_id": "task-1", "step_id": "s1", "role": "operator", "session_id": "session-1",
        "subject_id": "subject-1", "composition": "desk", "goal": words("refund order 417"),
        "conversation": words(SAID), "deadline": at(900),
    }  # fmt: skip
    return HandoffContext(**fields | changes)


def looked_up(result: str, tool: str = "lookup") -> list[Message]:
    call = ProposedCall(call_id="call_0", tool=tool, arguments=words("{}"))
    return [
        Message(role="assistant", tool_calls=(call,)),
        Message(role="tool", content=words(result), tool_call_id="call_0"),
    ]


def pack(arguments: dict[str, Any], messages: list[Message] | None = None, **changes: Any) -> dict[str, str]:
    text = briefing.context_pack(REFUND, arguments, VERDICT, context(**changes), messages or [])
    head, _, last = text.partition("\n\nLast said\n")
    lines = {line.partition(": ")[0]: line.partition(": ")[2] for line in head.splitlines()}
    return {**lines, "Last said": last}


FOUND = json.dumps({"order": "417", "amount": "240.00", "currency": "EUR", "status": "delivered"})


def test_it_says_who_wants_what_and_everything_else_in_one_line_each() -> None:
    told = pack({"order": "417", "amount": 240}, looked_up(FOUND))
    assert list(told) == [
        "Who", "Wants", "Action", "Tried", "Promised", "Risk", "Rests on", "Recommended", "Or", "Last said",
    ]  # fmt: skip
    assert told["Who"] == "subject-1, in call session-1" and told["Wants"] == "refund order 417"
    assert told["Action"] == "Refund order 417"
    assert told["Tried"] == "lookup → order 417, amount 240.00, currency EUR, status delivered"
    assert told["Promised"] == '"I will tell you as soon as it is decided."'
    assert told["Risk"] == "high: money leaves, cannot be undone"
    assert told["Rests on"] == "records: amount, order"
    assert told["Recommended"] == "approve: everything in it is in the records"
    assert told["Or"] == "approve, edit (amount), reject with words, delegate, take over"
    assert told["Last said"].endswith("caller: Thanks.")


@pytest.mark.parametrize(
    ("arguments", "messages", "changes", "rests", "recommended"),
    [
        ({"order": "417"}, [], {}, "said in the call: order", "compare first: no record has order"),
        ({"order": "41"}, looked_up(FOUND), {}, "NOWHERE: order", "nobody named order, and no record has it"),
        ({"amount": 2400}, looked_up(FOUND), {}, "NOWHERE: amount", "nobody named amount"),
        ({"amount": "240"}, looked_up(FOUND), {}, "records: amount", "approve"),
        ({"currency": "eur"}, looked_up(FOUND), {}, "records: currency", "approve"),
        ({"currency": "EU"}, looked_up(FOUND), {}, "NOWHERE: currency", "ask or reject"),
        (
            {"order": "417"},
            looked_up('{"error":"failed","message":"order 417"}'),
            {},
            "said in the call",
            "compare first",
        ),
        ({"order": "417"}, looked_up('{"found": false, "order": "417"}'), {}, "said in the call", "compare first"),
        ({"lines": [{"order": "417"}, {"amount": 240}]}, looked_up(FOUND), {}, "records: lines", "approve"),
        ({"lines": [{"order": "417"}, {"amount": 7}]}, looked_up(FOUND), {}, "NOWHERE: lines", "ask or reject"),
        ({"express": True, "text": None}, [], {}, "records: express, text", "approve"),
        ({}, [], {}, "nothing is sent", "approve"),
        (
            {"order": "9"},
            [],
            {"context": (known("crm", Trust.RECORD, "order 9"),)},
            "records: order",
            "approve",
        ),
        (
            {"order": "9"},
            [],
            {"context": (known("mail", Trust.UNTRUSTED, "order 9"),)},
            "NOWHERE: order",
            "ask or reject",
        ),
        (
            {"order": "9"},
            [],
            {
                "prior": (
                    StepResult(step_id="s0", role="clerk", status=StepStatus.DONE, answer=words("It is order 9.")),
                )
            },
            "an earlier step: order",
            "compare first: no record has order",
        ),
    ],
)
def test_what_an_action_rests_on_and_what_follows(
    arguments: dict[str, Any], messages: list[Message], changes: dict[str, Any], rests: str, recommended: str
) -> None:
    told = pack(arguments, messages, **changes)
    assert rests in told["Rests on"] and recommended in told["Recommended"]


def test_what_failed_is_told_as_failed() -> None:
    told = pack({}, looked_up('{"error": "refused", "message": "no such order"}'))
    assert told["Tried"] == "lookup FAILED → error refused, message no such order"


def test_the_risk_is_how_hard_it_is_to_undo() -> None:
    assert briefing.risk(LOOKUP) is briefing.Risk.LOW
    assert briefing.risk(BOOK) is briefing.Risk.MEDIUM
    assert briefing.risk(MAIL.model_copy(update={"compensation": "unmail"})) is briefing.Risk.MEDIUM
    assert briefing.risk(MAIL) is briefing.Risk.HIGH


@given(
    st.text(max_size=3000),
    st.text(max_size=3000),
    st.dictionaries(st.text(max_size=8), st.text(max_size=300) | st.integers() | st.none(), max_size=4),
    st.text(max_size=3000),
)
@settings(max_examples=150, deadline=None)
def test_it_stays_short_whatever_was_said(goal: str, said: str, arguments: dict[str, Any], result: str) -> None:
    """As long as can be read in the time; and no text makes it fail."""
    changes = {"goal": Content(subject_id="s", body=goal), "conversation": Content(subject_id="s", body=said)}
    text = briefing.context_pack(REFUND, arguments, VERDICT, context(**changes), looked_up(result) * 5)
    assert len(text) <= 9 * (2 * briefing.MAX_TEXT + 15) + briefing.MAX_SAID * (briefing.MAX_TEXT + 1) + 20
    assert text.splitlines()[0].startswith("Who: subject-1")
