"""What counts as heard: recognisers write numbers and words in many ways; checks must neither miss nor invent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from workers.demo.hearing import (
    hears_amount,
    hears_digits,
    hears_phrase,
    hears_rather,
    hears_word,
    hears_words,
    numbers_in,
)

DECLINED = "I am sorry, your request was not approved."
EXPIRED = "I am sorry, nobody could decide about your request in time, so nothing was done."


@pytest.mark.parametrize(
    "text", ["Your order 417 is here", "order four one seven", "Order 4-1-7.", "order four seventeen", "order 4, 1, 7"]
)
def test_an_order_number_however_it_is_read_out(text: str) -> None:
    assert hears_digits(text, "417")
    assert not hears_digits(text, "471")


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("240 euros", "240.00"),
        ("I refunded €240.00.", "240.00"),
        ("two hundred and forty euros", "240.00"),
        ("45 euros and 50 cents", "45.50"),
        ("forty five euros and fifty cents", "45.50"),
        ("39.90", "39.90"),
        ("one hundred eighty seven euros and fifty cents", "187.50"),
        ("1,200 euros", "1200"),
        ("I have refunded order 977-129 euros", "129"),
    ],
)
def test_an_amount_of_money(text: str, amount: str) -> None:
    assert hears_amount(text, Decimal(amount))
    assert not hears_amount(text, Decimal(amount) + 1)
    assert not hears_amount(text, Decimal(amount) + Decimal("0.25"))


def test_numbers_of_a_sentence() -> None:
    assert set(numbers_in("from 9 to six on weekdays and from ten to 4")) == {9, 6, 10, 4}


def test_words_a_letter_off_and_split_or_joined() -> None:
    assert hears_word("the tostar is delivered", "toaster")
    assert hears_words("your head phones", "headphones")
    assert hears_words("green elephants", "green elephant")
    assert not hears_words("blue elephant", "green elephant")
    assert not hears_word("the lamp is delivered", "toaster")


def test_a_phrase_survives_a_lost_word_and_silence_is_none() -> None:
    assert hears_phrase("I am sorry your request was approved", DECLINED)
    assert not hears_phrase("", DECLINED)
    assert not hears_phrase("We are open from nine to six", DECLINED)


def test_two_outcomes_that_share_words_are_told_apart() -> None:
    assert hears_rather("I am sorry your request was not approved.", DECLINED, EXPIRED)
    assert not hears_rather("I am sorry your request was not approved.", EXPIRED, DECLINED)
    assert hears_rather("Sorry nobody could decide about your request in time, so nothing was done.", EXPIRED, DECLINED)
    assert not hears_rather("Sorry nobody could decide in time, so nothing was done.", DECLINED, EXPIRED)
