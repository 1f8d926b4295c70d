"""What a caller's words want of the work under way; what breaks off speech and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_samples import support

from contracts.tools import OnInterrupt
from policy.interruption import Wish, agrees, backchannel, policy_of, wish


@pytest.mark.parametrize("text", ["Mm-hm.", "Okay.", "Right", "Uh-huh, right.", "Yeah, okay.", "Oh, I see.", "Hmm."])
def test_showing_that_one_listens_is_no_interruption(text: str) -> None:
    assert backchannel(text)


@pytest.mark.parametrize("text", ["Stop.", "Wait", "Okay, stop", "Yes.", "No.", "Right, and my refund?", "", "..."])
def test_what_means_something_is_one(text: str) -> None:
    assert not backchannel(text)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Stop!", Wish.STOP),
        ("Stop that, please.", Wish.STOP),
        ("Stop, stop, stop.", Wish.STOP),
        ("Cancel that.", Wish.CANCEL),
        ("Oh no, cancel it please", Wish.CANCEL),
        ("Never mind.", Wish.CANCEL),
        ("Please cancel my request.", Wish.CANCEL),
        ("Forget about it.", Wish.CANCEL),
        ("I don't want that anymore.", Wish.CANCEL),
        ("Wait.", Wish.WAIT),
        ("Okay, hold on a second.", Wish.WAIT),
        ("Wait a moment please", Wish.WAIT),
        ("Hold that.", Wish.WAIT),
        ("Just a minute.", Wish.WAIT),
        ("Go on.", Wish.GO_ON),
        ("Okay, go on with that now.", Wish.GO_ON),
        ("You can continue.", Wish.GO_ON),
        ("Be quiet!", Wish.QUIET),
        ("Actually it is order 418.", Wish.CORRECT),
        ("No, I meant order four one eight.", Wish.CORRECT),
        ("Sorry, I mean order 418", Wish.CORRECT),
        ("Actually, it's the blue one.", Wish.CORRECT),
        ("Make it two of them.", Wish.CORRECT),
        ("That should be order 418.", Wish.CORRECT),
    ],
)
def test_plain_orders_are_understood(text: str, meant: Wish) -> None:
    assert wish(text) is meant


@pytest.mark.parametrize(
    "text",
    [
        "Cancel my appointment.",
        "I want to cancel order 417.",
        "Where is my order number 417?",
        "Actually, where is order 418?",
        "Actually, can you tell me about that order?",
        "Can I wait at the shop?",
        "How long do I have to wait?",
        "When do you stop selling it",
        "Yes, please.",
        "I want a refund for order 417 because it would not stop.",
        "It is broken.",
        "Thank you, goodbye.",
        "",
    ],
)
def test_other_sentences_are_for_the_model(text: str) -> None:
    assert wish(text) is None


@given(st.text(max_size=80))
def test_whatever_was_recognised_is_read(text: str) -> None:
    wish(text), backchannel(text), agrees(text)
    assert not (backchannel(text) and wish(text) in (Wish.STOP, Wish.CANCEL, Wish.WAIT))


def test_the_strictest_of_the_tools_rules_and_the_composition_where_none_says() -> None:
    shop = support()
    rules = {"refund_order": OnInterrupt.CANCEL, "book_slot": OnInterrupt.ASK}
    tools = tuple(t.model_copy(update={"on_interrupt": rules.get(t.name)}) for t in shop.tools)
    ruled = shop.model_copy(update={"tools": tools, "on_interrupt": OnInterrupt.SUSPEND})
    assert policy_of(ruled, ["refund_order", "book_slot"]) is OnInterrupt.CANCEL
    assert policy_of(ruled, ["book_slot", "lookup_order"]) is OnInterrupt.ASK
    assert policy_of(ruled, ["lookup_order"]) is OnInterrupt.SUSPEND
    assert policy_of(shop, []) is OnInterrupt.CONTINUE
