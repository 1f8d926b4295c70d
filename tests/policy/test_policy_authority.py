"""Who may call what, what waits for a person, and what exactly a decision covers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_samples import LOOKUP, MAIL, REFUND, composition

from contracts.tools import ToolDeclaration
from policy import authority

DESK = composition()
ARGUMENTS = st.dictionaries(
    st.text(max_size=8),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3)
    ),
    max_size=5,
)


@pytest.mark.parametrize(
    ("role", "tool", "allowed"),
    [
        ("operator", "lookup", True),
        ("operator", "refund", True),
        ("clerk", "lookup", True),
        ("clerk", "refund", False),
        ("clerk", "mail", False),
        ("operator", "book", False),
        ("planner", "lookup", False),
        ("voice", "refund", False),
        ("nobody", "lookup", False),
        ("operator", "rm_rf", False),
        ("", "", False),
    ],
)
def test_only_a_role_with_the_capability_may_call(role: str, tool: str, allowed: bool) -> None:
    verdict = authority.may_call(DESK, role, tool)
    assert verdict.allowed is allowed and verdict.reason


def test_a_live_role_is_offered_only_what_has_no_effect() -> None:
    assert authority.tools_of(DESK, "voice") == (LOOKUP,)
    assert authority.tools_of(DESK, "operator") == (LOOKUP, REFUND, MAIL)
    assert authority.tools_of(DESK, "planner") == ()
    with pytest.raises(KeyError):
        authority.tools_of(DESK, "nobody")


@given(ARGUMENTS, st.randoms())
def test_the_digest_does_not_depend_on_the_order_of_arguments(arguments: dict[str, Any], random: Any) -> None:
    names = list(arguments)
    random.shuffle(names)
    assert authority.action_digest("t", {n: arguments[n] for n in names}) == authority.action_digest("t", arguments)


@given(ARGUMENTS, ARGUMENTS)
def test_another_action_has_another_digest(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = authority.canonical(one) == authority.canonical(other)
    assert (authority.action_digest("t", one) == authority.action_digest("t", other)) == same
    assert authority.action_digest("t", one) != authority.action_digest("u", one)


def test_one_and_true_are_different_actions() -> None:
    """Python takes 1, 1.0 and True for equal; a decision must not."""
    digests = {authority.action_digest("t", {"x": value}) for value in (1, 1.0, True, "1")}
    assert len(digests) == 4


@given(st.integers(0, 64))
def test_a_digest_may_be_shortened_but_not_too_far(length: int) -> None:
    digest = authority.action_digest("t", {})
    assert authority.covers(digest[:length], digest) is (length >= authority.MIN_DIGEST)
    assert authority.covers(digest[:length].upper(), digest) is (length >= authority.MIN_DIGEST)
    assert not authority.covers(digest + "0", digest)


@pytest.mark.parametrize(
    ("say", "arguments", "expected"),
    [
        ("Refund order {order}", {"order": "7"}, "Refund order 7"),
        ("Refund order {order}", {"sku": "7"}, "pay: sku 7"),
        ("Refund {amount:.2f}", {"amount": 7}, "Refund 7.00"),
        ("Refund {amount:.2f}", {"amount": "seven"}, "pay: amount seven"),
        ("Refund {amount:.2f}", {"amount": None}, "pay: amount None"),
        ("Refund {amount.total}", {"amount": 7}, "pay: amount 7"),
        ("Refund {0}", {"amount": 7}, "pay: amount 7"),
        (None, {"b": 2, "a": 1}, "pay: a 1, b 2"),
    ],
)
def test_an_action_is_always_said_with_its_arguments(say: str | None, arguments: dict[str, Any], expected: str) -> None:
    tool = ToolDeclaration(name="pay", server="shop", capability="x", say=say)
    assert authority.plain_words(tool, arguments) == expected
