"""Text as written -> text as it should be spoken, before synthesis.

An identifier is spelled, an amount is read as money, an ISO date or time in words. Everything else is left alone.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterable, AsyncIterator
from datetime import date

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_CURRENCIES = {
    "USD": ("dollar", "cent"), "$": ("dollar", "cent"),
    "EUR": ("euro", "cent"), "€": ("euro", "cent"),
    "GBP": ("pound", "penny"), "£": ("pound", "penny"),
    "CHF": ("franc", "centime"),
}  # fmt: skip
_PLURALS = {"penny": "pence"}

_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d+(?:\.\d{1,2})?"
_CODE = r"(?:USD|EUR|GBP|CHF)"
_IDENTIFIER = r"[A-Za-z]{0,6}-?(?:\d[\dA-Z]*)(?:-[\dA-Z]+)*"
_NOT_MONEY = rf"(?![\w.,:-]*\d)(?!\s*(?:{_CODE}\b|[€£%]|dollars?\b|euros?\b|cents?\b|percent\b))"

_SPEAKABLE = re.compile(
    rf"""
    (?P<day>\b\d{{4}}-\d{{2}}-\d{{2}}(?![\d-]))
        (?: [T\ ] (?P<day_time>\d{{2}}:\d{{2}}) (?::\d{{2}}(?:\.\d+)?)? (?:Z|[+-]\d{{2}}:?\d{{2}})? )?
  | (?P<time>(?<![\d:.])(?:[01]\d|2[0-3]):[0-5]\d(?![\d:])) (?!\s*[AaPp]\.?[Mm]\b)
  | (?P<sign>[$€£]) \s? (?P<signed>{_NUMBER}) (?![\d.,]*\d)
  | (?<![\w.,$€£-]) (?P<coded>{_NUMBER}) \s? (?P<after>{_CODE}\b|[€£])
  | \b(?P<before>{_CODE}) \s? (?P<prefixed>{_NUMBER}) (?![\d.,]*\d)
  | (?P<lead>\b(?i:order|number|code|reference|ref|ticket|case|booking|confirmation|invoice|account|tracking|slot
            |item|id)
        (?i:\ number|\ no\.?|\ code|\ id)? (?i:\ is|:)? \ \#? | \b(?i:ending)(?i:\ in|\ with)?\  )
    (?P<named>{_IDENTIFIER}) \b {_NOT_MONEY}
  | \#(?P<hash>[A-Za-z]{{0,6}}-?\d[\dA-Za-z]*(?:-[\dA-Za-z]+)*)
  | (?<![\w.,$€£:/-]) (?P<mixed>(?=[A-Z\d-]*[A-Z])(?=[A-Z\d-]*\d)[A-Z\d]+(?:-[A-Z\d]+)*) (?![\w-]|[.,]\d)
  | (?<![\w.,$€£:/-]) (?P<digits>0\d+|\d{{7,}}) (?![\w,:/-]|\.\d)
    """,
    re.VERBOSE,
)
_SHORTEST_SPELLED = 3
_SENTENCE_END = re.compile(r"[.!?…][\"')\]]*\s+")


def speakable(text: str) -> str:
    """The text as it should be spoken. Never loses a digit of an identifier; an amount loses only `.00`."""
    return _SPEAKABLE.sub(_spoken, text)


async def speakable_stream(pieces: AsyncIterable[str]) -> AsyncIterator[str]:
    """The same over streamed text. Released sentence by sentence, since an identifier may be cut anywhere."""
    held = ""
    async for piece in pieces:
        held += piece
        ends = [match.end() for match in _SENTENCE_END.finditer(held)]
        if ends:
            yield speakable(held[: ends[-1]])
            held = held[ends[-1] :]
    if held:
        yield speakable(held)


def spell(identifier: str) -> str:
    """`AB12` -> `A B 1 2`; dashes become pauses."""
    return ", ".join(" ".join(part.upper()) for part in identifier.split("-") if part)


def _spoken(match: re.Match[str]) -> str:
    found = {name: value for name, value in match.groupdict().items() if value is not None}
    if "day" in found:
        return _day(found["day"], found.get("day_time"), match.group())
    if "time" in found:
        return _clock(found["time"])
    if "signed" in found:
        return _money(found["signed"], found["sign"])
    if "coded" in found:
        return _money(found["coded"], found["after"])
    if "prefixed" in found:
        return _money(found["prefixed"], found["before"])
    if "named" in found:
        return found["lead"].replace("#", "") + _spell_if_long(found["named"])
    if "hash" in found:
        return spell(found["hash"])
    return spell(found.get("mixed") or found["digits"])


def _spell_if_long(identifier: str) -> str:
    short = identifier.isdigit() and len(identifier) < _SHORTEST_SPELLED and not identifier.startswith("0")
    return identifier if short else spell(identifier)


def _money(amount: str, currency: str) -> str:
    whole, _, fraction = amount.replace(",", "").partition(".")
    major, minor = _CURRENCIES[currency]
    cents = int(fraction.ljust(2, "0")) if fraction else 0
    large = _count(int(whole), major)
    if not cents:
        return large
    small = _count(cents, minor)
    return small if int(whole) == 0 else f"{large} and {small}"


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {_PLURALS.get(unit, unit + 's')}"


def _day(day: str, clock: str | None, written: str) -> str:
    try:
        parsed = date.fromisoformat(day)
    except ValueError:
        return written  # not a date after all: leave it as it is
    spoken = f"{_MONTHS[parsed.month - 1]} {parsed.day}, {parsed.year}"
    return f"{spoken} at {_clock(clock)}" if clock else spoken


def _clock(clock: str) -> str:
    hour, minute = (int(part) for part in clock.split(":"))
    half = "AM" if hour < 12 else "PM"
    return f"{hour % 12 or 12} {half}" if minute == 0 else f"{hour % 12 or 12}:{minute:02d} {half}"
