"""Numbers in words or figures: cardinals, digit by digit, amounts with a currency."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from inference.house.lexicon import STOP_WORDS
from inference.house.text import words
from inference.house.wordlist import listed

UNITS = {
    word: value
    for value, word in enumerate(
        listed(
            """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen
    sixteen seventeen eighteen nineteen"""
        )
    )
} | {"oh": 0, "nought": 0, "nil": 0, "o": 0}
TENS = {word: (i + 2) * 10 for i, word in enumerate(listed("twenty thirty forty fifty sixty seventy eighty ninety"))}
TENS["fourty"] = 40
SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_REPEAT = {"double": 2, "triple": 3}
_SOUND_ALIKE = {"for": "four", "fore": "four", "to": "two", "too": "two", "ate": "eight", "won": "one", "tree": "three"}
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*$")
_CURRENCY_WORDS = {
    "dollar": "USD",
    "dollars": "USD",
    "buck": "USD",
    "bucks": "USD",
    "usd": "USD",
    "euro": "EUR",
    "euros": "EUR",
    "eur": "EUR",
    "pound": "GBP",
    "pounds": "GBP",
    "quid": "GBP",
    "gbp": "GBP",
    "franc": "CHF",
    "francs": "CHF",
    "chf": "CHF",
    "yen": "JPY",
    "jpy": "JPY",
}
_SIGNS = {"$": "dollars", "€": "euros", "£": "pounds", "¥": "yen"}
_CENTS = frozenset({"cent", "cents", "pence", "p"})


@dataclass(frozen=True)
class Number:
    """A number in a list of words: tokens `start` to `end` (exclusive). `digits` keeps leading zeros."""

    start: int
    end: int
    value: Decimal
    digits: str


@dataclass(frozen=True)
class Amount:
    start: int
    end: int
    value: Decimal
    currency: str


def tokens(text: str) -> list[str]:
    """Words for number search: currency signs become words, "#417." and "4-1-7" become plain figures."""
    for sign, word in _SIGNS.items():
        text = re.sub(rf"\{sign}\s?(\d[\d,.]*\d|\d)", rf"\1 {word}", text).replace(sign, f" {word} ")
    text = re.sub(r"\b(\d)-(?=\d\b)", r"\1 ", text)
    text = re.sub(
        r"\b(twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-(?=[a-z])", r"\1 ", text, flags=re.IGNORECASE
    )
    text = re.sub(r"\ban? (?=(hundred|thousand|million)\b)", "one ", text, flags=re.IGNORECASE)
    return words(text)


def find_numbers(toks: list[str]) -> list[Number]:
    """Every number of the tokens, left to right. A run of spoken digits is one number ("four one seven" -> 417)."""
    found: list[Number] = []
    index = 0
    while index < len(toks):
        run = _run(toks, index)
        if run is None:
            index += 1
            continue
        end, parts = run
        number = _number(index, end, parts)
        if number is not None:
            found.append(number)
        index = end
    return found


def find_amounts(text: str) -> list[Amount]:
    """Amounts of money with their ISO 4217 code, left to right."""
    toks = tokens(text)
    numbers = find_numbers(toks)
    amounts: list[Amount] = []
    for number in numbers:
        currency = _CURRENCY_WORDS.get(toks[number.end]) if number.end < len(toks) else None
        end, value = number.end + 1, number.value
        if currency is None and number.start > 0 and len(toks[number.start - 1]) == 3:
            currency, end = _CURRENCY_WORDS.get(toks[number.start - 1]), number.end
        if currency is None:
            continue
        follow = end + 1 if end < len(toks) and toks[end] == "and" else end
        cents = next((n for n in numbers if n.start == follow and n.value < 100), None)
        if cents and value == int(value) and cents.end <= len(toks):
            named = cents.end < len(toks) and toks[cents.end] in _CENTS
            if named or (follow == end and toks[number.end : number.end + 1] == toks[end - 1 : end]):
                value, end = value + cents.value / 100, cents.end + (1 if named else 0)
        amounts.append(Amount(number.start, end, value, currency))
    return amounts


def repair_digits(toks: list[str]) -> list[str]:
    """Sound-alikes between spoken digits become digits: "four to seven" -> "four two seven"."""
    fixed = list(toks)
    for i, tok in enumerate(toks):
        if tok in _SOUND_ALIKE and i > 0 and toks[i - 1] in ("number", "code", "id", "digits"):
            if all(_digit(following) for following in [*toks[i + 1 : i + 3], "" if i + 3 > len(toks) else "0"]):
                fixed[i] = _SOUND_ALIKE[tok]
            continue
        if tok not in _SOUND_ALIKE or not 0 < i < len(toks) - 1 or not (_digit(fixed[i - 1]) and _digit(toks[i + 1])):
            continue
        ends = i + 2 == len(toks)
        before = fixed[i - 2] if i > 1 else ""
        after = "" if ends else toks[i + 2]
        spelled = _digit(before) or _digit(after) or (ends and before not in STOP_WORDS and before != "")
        if spelled and (ends or _digit(after) or after in STOP_WORDS):
            fixed[i] = _SOUND_ALIKE[tok]
    return fixed


def _digit(tok: str) -> bool:
    return (len(tok) == 1 and tok.isdigit()) or (tok in UNITS and UNITS[tok] < 10 and tok != "o")


def _run(toks: list[str], start: int) -> tuple[int, list[str]] | None:
    if not _numeric(toks[start]) and toks[start] not in _REPEAT:
        return None
    if toks[start] in ("oh", "o", "hundred", "thousand", "million") and not (
        start + 1 < len(toks) and _digit(toks[start + 1])
    ):
        return None
    parts: list[str] = []
    index = start
    while index < len(toks):
        tok = toks[index]
        following = toks[index + 1] if index + 1 < len(toks) else ""
        if tok in _REPEAT and _digit(following):
            parts += [following] * _REPEAT[tok]
            index += 2
        elif _numeric(tok):
            parts.append(tok)
            index += 1
        elif tok == "and" and parts and parts[-1] in SCALES and _numeric(following):
            index += 1
        elif tok == "point" and parts and _digit(following):
            parts.append("point")
            index += 1
        else:
            break
    return (index, parts) if parts else None


def _numeric(tok: str) -> bool:
    return tok in UNITS or tok in TENS or tok in SCALES or bool(_FIGURE.match(tok))


def _number(start: int, end: int, parts: list[str]) -> Number | None:
    if len(parts) == 1 and _FIGURE.match(parts[0]):
        plain = parts[0]
        if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", plain):
            plain = plain.replace(",", "")
        try:
            return Number(start, end, Decimal(plain.replace(",", ".")), re.sub(r"\D", "", plain))
        except InvalidOperation:
            return None
    if "point" in parts:
        cut = parts.index("point")
        whole = _number(start, end, parts[:cut])
        fraction = _digits(parts[cut + 1 :])
        if whole is None or not fraction:
            return None
        return Number(start, end, Decimal(f"{whole.value}.{fraction}"), whole.digits + fraction)
    value = _cardinal(parts)
    digits = str(value) if value is not None else _digits(parts)
    if not digits:
        return None
    return Number(start, end, Decimal(value if value is not None else int(digits)), digits)


def _cardinal(parts: list[str]) -> int | None:
    """The value of a well-formed cardinal in words ("four hundred seventeen"), else None."""
    total, group, last = 0, 0, 10**9
    for part in parts:
        if part in SCALES:
            scale = SCALES[part]
            if scale == 100:
                if not 0 < group < 100:
                    return None
                group, last = group * 100, 100
            else:
                if group == 0 or (total and scale >= 1_000_000):
                    return None
                total, group, last = total + group * scale, 0, 10**9
            continue
        size = TENS.get(part, UNITS.get(part, -1))
        if size < 0:
            if part.isdigit() and not group:
                size = int(part)
            else:
                return None
        room = 10 if last in TENS.values() else (100 if last == 100 else 10**9)
        if size >= room or (group and room == 10**9) or (size == 0 and len(parts) > 1):
            return None
        group, last = group + size, (size if part in TENS else 1)
        if part not in TENS and part in UNITS:
            last = 1
    return total + group if last != 1 or _closed(parts) else None


def _closed(parts: list[str]) -> bool:
    """Whether no unit follows a unit, which would be digit-by-digit speech."""
    small = [part in UNITS or part.isdigit() for part in parts]
    return not any(a and b for a, b in pairwise(small))


def _digits(parts: list[str]) -> str:
    out = ""
    index = 0
    while index < len(parts):
        part = parts[index]
        following = parts[index + 1] if index + 1 < len(parts) else ""
        if part in TENS:
            if following in UNITS and 0 < UNITS[following] < 10:
                out, index = out + str(TENS[part] + UNITS[following]), index + 1
            else:
                out += str(TENS[part])
        elif part in UNITS:
            if following == "hundred":
                rest = parts[index + 2] if index + 2 < len(parts) else ""
                out, index = out + str(UNITS[part]) + ("" if rest in TENS or rest in UNITS else "00"), index + 1
            else:
                out += str(UNITS[part])
        elif part not in SCALES:
            out += re.sub(r"\D", "", part)
        index += 1
    return out
