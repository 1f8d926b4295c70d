"""A decision that is made again is compared by what it says, not by how it is spelled."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from policy.difference import difference, readable

VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_does_not_differ_from_itself_in_another_spelling(value: Any) -> None:
    assert difference(value, json.loads(json.dumps(value, indent=3))) is None


@given(VALUES, VALUES)
def test_values_that_differ_are_told_and_no_others(before: Any, now: Any) -> None:
    same = json.dumps(before, sort_keys=True) == json.dumps(now, sort_keys=True)
    assert (difference(before, now) is None) == same


def test_a_name_that_holds_nothing_is_as_if_it_were_not_there() -> None:
    assert difference({"content": None, "calls": []}, {"calls": []}) is None


def test_the_place_is_named() -> None:
    before = readable(
        {"content": None, "tool_calls": [{"name": "refund", "arguments": '{"amount": 12, "order": "4"}'}]}
    )
    now = readable({"content": None, "tool_calls": [{"name": "refund", "arguments": '{"order":"4","amount":120}'}]})
    assert difference(before, now) == "tool_calls[1].arguments.amount: was 12, is 120"
    assert difference(before, readable({"content": "no"})) == ('content: was nothing, is "no"')
