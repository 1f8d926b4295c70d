"""How numbers are spoken: identifiers spelled, amounts as money, dates in words."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.speakable import speakable, speakable_stream, spell


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Your order 417 has shipped.", "Your order 4 1 7 has shipped."),
        ("order #471926", "order 4 7 1 9 2 6"),
        ("Order number 471926 is open.", "Order number 4 7 1 9 2 6 is open."),
        ("the order number is 9041", "the order number is 9 0 4 1"),
        ("card ending in 0835", "card ending in 0 8 3 5"),
        ("reference AB12X9.", "reference A B 1 2 X 9."),
        ("It is AB12X9, I think", "It is A B 1 2 X 9, I think"),
        ("refund RF-2041 is done", "refund R F, 2 0 4 1 is done"),
        ("call 5550142", "call 5 5 5 0 1 4 2"),
        ("A refund of 240.00 USD for order 417", "A refund of 240 dollars for order 4 1 7"),
        ("It costs $240.50.", "It costs 240 dollars and 50 cents."),
        ("It costs $1,240.50 today", "It costs 1240 dollars and 50 cents today"),
        ("1.00 EUR", "1 euro"),
        ("EUR 99.90", "99 euros and 90 cents"),
        ("£0.50", "50 pence"),
        ("19.99€ each", "19 euros and 99 cents each"),
        ("order 240.00 USD worth", "order 240 dollars worth"),
        ("on 2026-03-15", "on March 15, 2026"),
        ("at 2026-03-15T09:30:00Z", "at March 15, 2026 at 9:30 AM"),
        ("from 09:00 to 18:00", "from 9 AM to 6 PM"),
        ("at 17:30 sharp", "at 5:30 PM sharp"),
        ("2026-13-45", "2026-13-45"),
        ("We have 3 working days and 2 years", "We have 3 working days and 2 years"),
        ("order 2 more pens", "order 2 more pens"),
        ("order 12 pens", "order 12 pens"),
        ("5:30 PM", "5:30 PM"),
        ("12 percent of 300", "12 percent of 300"),
        ("in 2026 there were 14500 orders", "in 2026 there were 14500 orders"),
        ("number of items: 4", "number of items: 4"),
        ("", ""),
    ],
)
def test_written_becomes_spoken(written: str, spoken: str) -> None:
    assert speakable(written) == spoken


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


@given(st.from_regex(r"(order|order number|code|reference) #?[A-Z]{0,2}\d{1,12}", fullmatch=True))
def test_an_identifier_never_loses_a_digit(written: str) -> None:
    assert _digits(speakable(written)) == _digits(written)


@given(st.text(alphabet=" abcxyzABC0123456789#-.,/", max_size=60).filter(lambda t: not re.search(r"\d-\d\d-\d", t)))
def test_text_without_money_or_time_never_loses_a_digit(written: str) -> None:
    assert _digits(speakable(written)) == _digits(written)


@given(st.integers(0, 10**6), st.integers(0, 99))
def test_an_amount_keeps_whole_and_cents(whole: int, cents: int) -> None:
    numbers = [int(n) for n in re.findall(r"\d+", speakable(f"{whole}.{cents:02d} USD"))]
    expected = [n for n in (whole, cents) if n] or [0]
    assert numbers == expected


@given(st.text(alphabet="ab 417$#.USD0", max_size=80), st.integers(1, 7))
async def test_streaming_gives_the_same_words(text: str, size: int) -> None:
    async def pieces() -> AsyncIterator[str]:
        for at in range(0, len(text), size):
            yield text[at : at + size]

    whole = "".join([part async for part in speakable_stream(pieces())])
    sentences = re.split(r"(?<=[.!?…])(?=\s)", text)
    if len(sentences) == 1:
        assert whole == speakable(text)
    assert _digits(whole) == _digits("".join(speakable(s) for s in re.findall(r".*?[.!?…]\s+|.+$", text, re.S)))


def test_spelling_pauses_at_dashes() -> None:
    assert spell("rf-2041") == "R F, 2 0 4 1"
