"""Dates and times of day in words or figures, relative to a day that the prompt states."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from itertools import pairwise

from inference.house.numbers import TENS, UNITS, find_numbers, tokens
from inference.house.text import expand
from inference.house.wordlist import listed

MONTHS = listed("january february march april may june july august september october november december")
DAYS = listed("monday tuesday wednesday thursday friday saturday sunday")
_ORDINALS = {
    word: i + 1
    for i, word in enumerate(
        listed(
            """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
    fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth"""
        )
    )
} | {"twentieth": 20, "thirtieth": 30}
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_SLASH = re.compile(r"\b(\d{1,2})[/.](\d{1,2})[/.](\d{4})\b")
_TODAY = re.compile(r"\b(today|current date|date today|now|the date)\b[^.\n]{0,40}", re.IGNORECASE)
_CLOCK = re.compile(r"\b([01]?\d|2[0-3])[:.]([0-5]\d)\s*(am|pm|a\.m|p\.m)?\b|\b(1[0-2]|0?[1-9])\s*(am|pm|a\.m|p\.m)\b")
_PART_OF_DAY = {"noon": time(12), "midday": time(12), "midnight": time(0)}


def stated_today(system: str) -> date | None:
    """The current date as a prompt states it ("Today is Friday 2026-03-13"), or None."""
    for match in _TODAY.finditer(system):
        found = absolute_date(match.group(0), None)
        if found:
            return found
    return None


def find_date(text: str, today: date | None) -> date | None:
    """The first date of a text. Relative ones ("next friday", "in three days") need `today`."""
    return absolute_date(text, today) or (relative_date(text, today) if today else None)


def absolute_date(text: str, today: date | None) -> date | None:
    """A date that names its month; a missing year is that of the next such day from `today`, or None without it."""
    iso = _ISO.search(text)
    if iso:
        return _date(int(iso[1]), int(iso[2]), int(iso[3]))
    slash = _SLASH.search(text)
    if slash:
        first, second, stated = int(slash[1]), int(slash[2]), int(slash[3])
        day_first = first > 12 or "." in slash.group(0)
        return _date(stated, second, first) if day_first else _date(stated, first, second)
    toks = _day_tokens(text)
    for i, tok in enumerate(toks):
        if tok not in MONTHS and not (len(tok) == 3 and any(m.startswith(tok) for m in MONTHS) and tok != "may"):
            continue
        month = next(n + 1 for n, name in enumerate(MONTHS) if name.startswith(tok))
        after = _day(toks, i + 1)
        before = _day_before(toks, i)
        if before is not None:
            day, end = before, i + 1
        elif after is not None:
            day, end = after[0], after[1]
        else:
            continue
        year = _year(toks, end)
        if year is not None:
            return _date(year, month, day)
        if today is not None:
            this = _date(today.year, month, day)
            return this if this is None or this >= today else _date(today.year + 1, month, day)
    return None


def _day_tokens(text: str) -> list[str]:
    return [re.sub(r"^(\d{1,2})(st|nd|rd|th)$", r"\1", tok.strip(",.")) for tok in tokens(text)]


def _day(toks: list[str], start: int) -> tuple[int, int] | None:
    if start < len(toks) and toks[start] == "the":
        start += 1
    if start >= len(toks):
        return None
    tok = toks[start]
    following = toks[start + 1] if start + 1 < len(toks) else ""
    if tok in TENS and following in _ORDINALS and _ORDINALS[following] < 10:
        return TENS[tok] + _ORDINALS[following], start + 2
    if tok in _ORDINALS:
        return _ORDINALS[tok], start + 1
    if re.fullmatch(r"\d{1,2}", tok):
        return int(tok), start + 1
    if tok in TENS or (tok in UNITS and UNITS[tok] > 0):
        value = TENS.get(tok, UNITS.get(tok, 0))
        if tok in TENS and following in UNITS and 0 < UNITS[following] < 10:
            return value + UNITS[following], start + 2
        return (value, start + 1) if value <= 31 else None
    return None


def _day_before(toks: list[str], month: int) -> int | None:
    end = month - 1
    if end >= 0 and toks[end] == "of":
        end -= 1
    for start in (end - 1, end):
        if start >= 0:
            found = _day(toks, start)
            if found and found[1] == end + 1 and toks[start] != "the":
                return found[0]
    return None


def _year(toks: list[str], start: int) -> int | None:
    number = next((n for n in find_numbers(toks[start : start + 5]) if n.start == 0), None)
    return int(number.value) if number and 1900 <= number.value <= 2100 else None


def relative_date(text: str, today: date) -> date | None:
    """A day named from today: today, tomorrow, a weekday, "in two weeks", "the 5th"."""
    low = expand(text)
    if "day after tomorrow" in low:
        return today + timedelta(days=2)
    for word, offset in (("today", 0), ("tonight", 0), ("tomorrow", 1), ("yesterday", -1)):
        if re.search(rf"\b{word}\b", low):
            return today + timedelta(days=offset)
    for i, name in enumerate(DAYS):
        if re.search(rf"\b{name}s?\b", low):
            past = re.search(rf"\blast {name}\b", low)
            ahead = (i - today.weekday()) % 7 or 7
            if re.search(rf"\bthis {name}\b", low):
                ahead = (i - today.weekday()) % 7
            return today + timedelta(days=ahead - 7 if past else ahead)
    toks = tokens(text)
    for number in find_numbers(toks):
        unit = toks[number.end] if number.end < len(toks) else ""
        days = {"day": 1, "days": 1, "week": 7, "weeks": 7}.get(unit)
        if days and number.start > 0 and toks[number.start - 1] == "in" and number.value <= 520:
            return today + timedelta(days=int(number.value * days))
    if re.search(r"\b(next|in a) week\b", low):
        return today + timedelta(days=7)
    named = re.search(r"\bthe (\d{1,2})(st|nd|rd|th)\b", low)
    ordinal = next((_ORDINALS[t] for p, t in pairwise(toks) if p == "the" and t in _ORDINALS), None)
    day = int(named[1]) if named else (ordinal if ordinal and ordinal > 3 else None)
    if day:
        for months in range(3):
            month = today.month + months
            found = _date(today.year + (month - 1) // 12, (month - 1) % 12 + 1, day)
            if found and found >= today:
                return found
    return None


def find_time(text: str) -> time | None:
    """The first time of day of a text: "5:30 pm", "half past five", "at ten", "noon"."""
    low = expand(text)
    for word, at in _PART_OF_DAY.items():
        if re.search(rf"\b{word}\b", low):
            return at
    clock = _CLOCK.search(low)
    if clock:
        hour, minute = int(clock[1] or clock[4]), int(clock[2] or 0)
        return time(_half_day(hour, clock[3] or clock[5] or "", low), minute)
    toks = tokens(text)
    numbers = find_numbers(toks)
    for number in numbers:
        hour, minute = int(number.value), 0
        before = toks[max(0, number.start - 2) : number.start]
        after = toks[number.end] if number.end < len(toks) else ""
        if before[-1:] == ["past"] and before[:1] in (["half"], ["quarter"]):
            minute = 30 if before[0] == "half" else 15
        elif before == ["quarter", "to"]:
            hour, minute = hour - 1, 45
        elif after in ("am", "pm", "o'clock", "oclock", "o") or before[-1:] in (["at"], ["around"], ["by"]):
            spoken = toks[number.start : number.end]
            if hour > 24 and len(number.digits) in (3, 4):
                hour, minute = int(number.digits[:-2]), int(number.digits[-2:])
            elif len(spoken) > 2:
                continue
        else:
            continue
        if 0 <= hour <= 24 and minute < 60:
            return time(_half_day(hour % 24, after if after in ("am", "pm") else "", low), minute)
    return None


def _half_day(hour: int, mark: str, low: str) -> int:
    mark = mark.replace(".", "")
    if mark == "pm" or (not mark and hour < 12 and re.search(r"\b(afternoon|evening|tonight)\b", low)):
        return hour % 12 + 12
    return hour % 12 if mark == "am" else hour


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def spoken_date(day: date, today: date | None = None) -> str:
    """A date as it is said: "March 12", with the year unless it is that of `today`."""
    text = f"{MONTHS[day.month - 1].capitalize()} {day.day}"
    return text if today and today.year == day.year else f"{text}, {day.year}"


def spoken_time(at: time) -> str:
    """A time of day as it is said: "10 AM", "5:30 PM", "noon"."""
    if at.minute == 0 and at.hour in (0, 12):
        return "noon" if at.hour else "midnight"
    hour = at.hour % 12 or 12
    half = "AM" if at.hour < 12 else "PM"
    return f"{hour} {half}" if at.minute == 0 else f"{hour}:{at.minute:02d} {half}"
