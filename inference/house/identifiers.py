"""Identifiers in speech: numbers and codes with the noun that they belong to ("loan two zero four one")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from inference.house.dates import DAYS, MONTHS
from inference.house.lexicon import STOP_WORDS
from inference.house.numbers import find_amounts, find_numbers, repair_digits, tokens
from inference.house.schema import Schema, kind, valid
from inference.house.text import stem
from inference.house.wordlist import listed

_NOT_LABELS = frozenset(
    listed(
        """number numbers id code no nr reference ref digits identifier is was are with of the my your our its
    it that this a an called named has says and about for please um uh er hash"""
    )
)
_TIME_UNITS = frozenset(
    listed(
        """am pm o'clock oclock percent degrees minutes minute hours hour days day weeks week months month
    years year times"""
    )
)
_CODE = re.compile(r"\b(?=[A-Za-z0-9-]*[A-Za-z])(?=[A-Za-z0-9-]*\d)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\b")
_ORDINAL = re.compile(r"\d+(st|nd|rd|th|am|pm|s)", re.IGNORECASE)


@dataclass(frozen=True)
class Mention:
    """A number or code that was said. `word` is the noun before it ("" if none), `label` the stem of that noun."""

    digits: str
    code: str
    label: str
    word: str
    unit: str


def mentions(text: str) -> list[Mention]:
    """Everything in a text that may identify something, left to right; amounts, dates and times of day left out."""
    toks = repair_digits(tokens(text))
    money = [(a.start, a.end) for a in find_amounts(text)]
    found: list[tuple[int, Mention]] = []
    for number in find_numbers(toks):
        if any(start <= number.start < end for start, end in money) or _is_time(toks, number.start, number.end):
            continue
        start, letters = number.start, ""
        while start > 0 and len(toks[start - 1]) == 1 and toks[start - 1].isalpha():
            start, letters = start - 1, toks[start - 1].upper() + letters
        if letters in ("A", "I", "O"):
            start, letters = number.start, ""
        tail, end = "", number.end
        while end < len(toks) and len(toks[end]) == 1 and toks[end].isalpha() and toks[end] not in "aio":
            tail, end = tail + toks[end].upper(), end + 1
        word = _label(toks, start)
        unit = stem(toks[end]) if end < len(toks) and toks[end] not in STOP_WORDS else ""
        code = letters + number.digits + tail
        found.append((start, Mention(number.digits, code if code != number.digits else "", stem(word), word, unit)))
    for match in _CODE.finditer(text):
        if _ORDINAL.fullmatch(match.group(0)) or re.fullmatch(r"\d{4}-\d{2}-\d{2}.*", match.group(0)):
            continue
        before = tokens(text[: match.start()])
        word = _label(before, len(before))
        digits = re.sub(r"\D", "", match.group(0))
        found.append((len(before), Mention(digits, match.group(0), stem(word), word, "")))
    return [mention for _, mention in sorted(found, key=lambda pair: pair[0])]


def _is_time(toks: list[str], start: int, end: int) -> bool:
    before = toks[start - 1] if start > 0 else ""
    after = toks[end] if end < len(toks) else ""
    if after in _TIME_UNITS or before in MONTHS or after in MONTHS or ":" in toks[start]:
        return True
    if after == "of" and end + 1 < len(toks) and toks[end + 1] in MONTHS:
        return True
    return before in ("at", "past", *DAYS) and end - start <= 2


def _label(toks: list[str], start: int) -> str:
    for back in range(start - 1, max(-1, start - 6), -1):
        tok = toks[back]
        if tok in _NOT_LABELS:
            continue
        return tok if tok not in STOP_WORDS and tok.isalpha() and len(tok) > 1 else ""
    return ""


def identifier_value(
    text: str,
    schema: Schema,
    own: Iterable[str],
    others: Iterable[str],
    *,
    labelled_only: bool = False,
    strict: bool = False,
) -> Any:
    """The identifier in a text that fits a parameter, or None.

    `own` are the label stems of the parameter, `others` those of other parameters: a number that carries another's
    label ("bed seven" for a loan's number) is refused. One that carries the parameter's own label is preferred.
    `strict` refuses every other label too, and unlabelled numbers of longer sentences.
    """
    own, others = set(own), set(others)
    ranked: list[tuple[int, int, Mention]] = []
    for i, mention in enumerate(mentions(text)):
        if (mention.label in others and mention.label not in own) or (
            not mention.label and mention.unit in others - own
        ):
            continue
        rank = 0 if mention.label in own else (1 if not mention.unit else 2)
        if (labelled_only and rank) or (strict and rank and (mention.label or len(text.split()) > 6)):
            continue
        ranked.append((rank, -i, mention))
    for _, _, mention in sorted(ranked, key=lambda entry: entry[:2]):
        for candidate in _forms(mention, schema):
            if valid(candidate, schema):
                return candidate
    return None


def _forms(mention: Mention, schema: Schema) -> list[Any]:
    if kind(schema) in ("integer", "number"):
        return [int(mention.digits)] if mention.digits and not re.search(r"[A-Za-z]", mention.code) else []
    forms = [mention.code] if mention.code else []
    pattern = schema.get("pattern")
    prefix = _literal_prefix(pattern) if isinstance(pattern, str) else ""
    forms += [mention.digits, mention.code.upper(), mention.code.lower(), mention.code.replace("-", "")]
    if prefix:
        forms += [prefix + mention.digits, prefix + mention.code]
    if isinstance(pattern, str) and mention.code:
        forms += [re.sub(r"^([A-Za-z]+)-?(\d)", r"\1-\2", mention.code).upper()]
    return [form for form in forms if form]


def _literal_prefix(pattern: str) -> str:
    """The literal text that every match begins with: "^ORD-\\d+$" -> "ORD-"."""
    match = re.match(r"\^?((?:[A-Za-z0-9#_-]|\\-)+)(?![*?{+])", pattern)
    return match[1].replace("\\-", "-") if match else ""
