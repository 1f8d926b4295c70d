"""Whether something was heard in what a recogniser wrote: words nearly right, numbers as words or digits. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from difflib import SequenceMatcher

_UNITS = {
    word: number
    for number, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
} | {"oh": 0}
_TENS = {
    word: 10 * number
    for number, word in enumerate(
        ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], start=2
    )
}
_SMALL = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "do",
        "for",
        "i",
        "in",
        "is",
        "it",
        "me",
        "my",
        "of",
        "on",
        "or",
        "so",
        "that",
        "the",
        "this",
        "to",
        "was",
        "we",
        "you",
        "your",
    ]
)
ALIKE = 0.75


def words_of(text: str) -> list[str]:
    """Lower-case words and numbers; digits joined by hyphens or commas are one number, as in "4-7-1926"."""
    joined = re.sub(r"(?<=\d)[-–,](?=\d)", "", text.lower().replace("’", "'"))
    return re.findall(r"\d+(?:\.\d+)?|[a-z]+(?:'[a-z]+)?", joined)


def hears_word(text: str, word: str) -> bool:
    """One word, perhaps misheard by a letter or two."""
    wanted = word.lower()
    return any(w == wanted or SequenceMatcher(None, w, wanted).ratio() >= ALIKE for w in _singles_and_pairs(text))


def hears_any(text: str, options: Iterable[str]) -> bool:
    return any(hears_words(text, option) for option in options)


def hears_words(text: str, phrase: str) -> bool:
    """Every word of the phrase, in any order."""
    return all(hears_word(text, word) for word in words_of(phrase))


def hears_phrase(text: str, phrase: str, share: float = 0.6) -> bool:
    """Enough of the phrase's meaningful words. For whole sentences, where a recogniser may lose one or two."""
    telling = [w for w in dict.fromkeys(words_of(phrase)) if w not in _SMALL]
    found = sum(hears_word(text, word) for word in telling)
    return bool(telling) and found >= share * len(telling)


def hears_rather(text: str, this: str, that: str) -> bool:
    """The one phrase and not the other, judged by the words that only one of them has."""
    ours, theirs = (set(words_of(this)) - set(words_of(that)), set(words_of(that)) - set(words_of(this)))
    share_ours, share_theirs = _share(text, ours), _share(text, theirs)
    return hears_phrase(text, this) and share_ours > 0.5 > share_theirs


def _share(text: str, words: set[str]) -> float:
    telling = words - _SMALL
    return sum(hears_word(text, word) for word in telling) / len(telling) if telling else 0.0


def hears_digits(text: str, digits: str) -> bool:
    """An identifier read out digit by digit or as numbers: "four one seven", "4-1-7", "four seventeen", "417"."""
    return digits in "".join(_spelled(words_of(text)))


def hears_amount(text: str, amount: Decimal) -> bool:
    """An amount of money: "240", "240.00", "two hundred and forty", "45 euros and 50 cents"."""
    said = {*numbers_in(text), *_run_together(text)}
    if amount in said:
        return True
    whole, cents = int(amount), int((amount % 1) * 100)
    return Decimal(whole) in said and (cents == 0 or Decimal(cents) in said)


def numbers_in(text: str) -> Iterator[Decimal]:
    """Every number, in digits or as a cardinal in words."""
    run: list[str] = []
    for word in [*words_of(text), "."]:
        if word in _UNITS or word in _TENS or word in ("hundred", "thousand") or (word == "and" and run):
            run.append(word)
            continue
        if run:
            yield from _cardinals(run)
            run = []
        if word[0].isdigit():
            yield Decimal(word)


def _run_together(text: str) -> Iterator[Decimal]:
    """Numbers said one after the other, which recognisers join by a hyphen: "order 977-129 euros"."""
    for run in re.findall(r"\d{2,}(?:-\d{2,})+", text):
        yield from map(Decimal, run.split("-"))


def _cardinals(run: list[str]) -> Iterator[Decimal]:
    total, current = 0, 0
    for word in run:
        if word in _UNITS:
            current += _UNITS[word]
        elif word in _TENS:
            current += _TENS[word]
        elif word == "hundred":
            current = max(1, current) * 100
        elif word == "thousand":
            total, current = total + max(1, current) * 1000, 0
    yield Decimal(total + current)


def _spelled(words: list[str]) -> Iterator[str]:
    """Digits as they would be written down when heard; other words are gaps."""
    for place, word in enumerate(words):
        if word in _UNITS:
            yield str(_UNITS[word])
        elif word in _TENS:
            following = words[place + 1] if place + 1 < len(words) else ""
            # "seventeen" is whole; "forty two" is 42, "forty" alone is 40.
            yield str(_TENS[word])[0] if 0 < _UNITS.get(following, 0) < 10 else str(_TENS[word])
        elif word[0].isdigit():
            yield word.partition(".")[0]
        elif word not in ("hundred", "and"):
            yield " "


def _singles_and_pairs(text: str) -> Iterator[str]:
    """Words, and two in a row as one: a recogniser may split "warranty" or join "head phones"."""
    words = words_of(text)
    yield from words
    yield from (first + second for first, second in itertools.pairwise(words))
