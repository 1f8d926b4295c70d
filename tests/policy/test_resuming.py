"""What of a speech that was broken off still has to be said."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.resuming import remainder

TEXT = "The roof is mended. It cost 3.50 EUR. A letter is on its way."


@pytest.mark.parametrize(
    ("spoken", "left"),
    [
        ("", TEXT),
        ("The roof", TEXT),
        ("the ROOF is  mended", "It cost 3.50 EUR. A letter is on its way."),
        ("Welcome back! The roof is mended. It cost 3.50", "It cost 3.50 EUR. A letter is on its way."),
        ("The roof is mended. It cost 3.50 EUR. A letter", "A letter is on its way."),
        (TEXT, "A letter is on its way."),
        ("It cost 3.50 EUR.", TEXT),
    ],
)
def test_it_goes_on_from_the_sentence_that_was_cut(spoken: str, left: str) -> None:
    assert remainder(TEXT, spoken) == left


SENTENCES = st.lists(st.sampled_from(["One.", "Two three!", "Is it four?", "It is 5.00 EUR."]), min_size=1, max_size=6)


@given(SENTENCES, st.integers(0, 200))
def test_what_was_said_and_what_is_left_are_the_whole(sentences: list[str], cut: int) -> None:
    text = " ".join(sentences)
    left = remainder(text, text[:cut])
    assert left and text.endswith(left)
    left_out, said = (re.findall(r"\w+", part) for part in (text.removesuffix(left), text[:cut]))
    assert left_out == said[: len(left_out)], "no word is left out that was not said"
