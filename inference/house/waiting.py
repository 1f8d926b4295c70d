"""What a wish waits for: a time that it is put off to, or an event that the prompt lists."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from inference.house import schema as js
from inference.house.dates import find_time, relative_date, stated_today
from inference.house.numbers import find_numbers, tokens
from inference.house.ranking import Index
from inference.house.schema import Schema
from inference.house.shapes import property_for
from inference.house.text import name_words, words
from inference.house.wordlist import listed

WAIT = frozenset(["wait", "waits", "delay", "trigger"])
_EVENT = frozenset(["event", "signal", "trigger"])
_SECONDS = frozenset(["seconds", "delay", "after"])
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_SPAN = r"(?:(?:an?|half an?|one|the|\d+|[a-z]+(?:[ -][a-z]+)?) )?(?:seconds?|minutes?|hours?|days?|weeks?)"
_PUT_OFF = re.compile(
    rf"^(?:please )?(?:wait(?: for)?|in|after) (?P<first>{_SPAN})[,;]?(?: and(?: then)?| then)?\s+(?P<rest>\S.*)$", re.I
)
_LATER = re.compile(rf"^(?P<rest>.+?),?\s+(?:in (?P<span>{_SPAN})|(?P<late>{_SPAN}) (?:later|from now))[.!]?$", re.I)
_ONLY = re.compile(rf"^(?:please )?wait(?: for)? (?P<span>{_SPAN})[.!]?$", re.I)
_DAY = re.compile(
    r"^(?P<day>(?:the day after )?tomorrow(?: (?:morning|afternoon|evening))?"
    r"|(?:on |next |this )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|next week)"
    r"(?P<at> at [\w:. ]{1,16}?)?(?P<comma>,)?\s+(?P<rest>\S.*)$",
    re.I,
)
_STATES = frozenset(listed("i we he she it they there you my our his her is at was"))
_ONCE = re.compile(r"^(?:when|once|as soon as|after)\s+(?P<what>[^,]+),\s*(?:and\s+|then\s+)*(?P<rest>\S.*)$", re.I)
_TAIL = re.compile(r"^(?P<rest>.+?),?\s+(?:when|once|as soon as)\s+(?P<what>[^,]+)$", re.I)
_CLOCK = re.compile(r"\btime\b[^.\n]{0,12}?(\d{1,2}:\d{2})")
_MATCHES = 1.5
"""What a clause must share with the words of an event: more than one word of it."""


@dataclass(frozen=True)
class Wait:
    """`seconds` from now, or from what comes before; `event`: the name of one that the prompt lists."""

    seconds: int | None = None
    event: str | None = None


@dataclass(frozen=True)
class Event:
    name: str
    description: str


def events_of(material: Sequence[Any]) -> list[Event]:
    """The events that JSON values of a prompt list: objects with `event`, the name, and a description."""
    return [event for value in material for event in _events(value)]


def _events(value: Any, depth: int = 0) -> Iterator[Event]:
    if depth > 6:
        return
    if isinstance(value, list):
        for entry in value:
            yield from _events(entry, depth + 1)
    elif isinstance(value, dict) and isinstance(value.get("event"), str):
        about = " ".join(v for k, v in value.items() if isinstance(v, str) and k != "event")
        yield Event(value["event"], about)


def stated_now(system: str) -> datetime | None:
    """The moment that a prompt states: its day, with its time where it has one."""
    today = stated_today(system)
    clock = _CLOCK.search(system)
    return datetime.combine(today, (find_time(clock[1]) if clock else None) or time()) if today else None


def waits(text: str, events: Sequence[Event], now: datetime | None) -> tuple[str, Wait | None]:
    """A wish without the words that put it off, and what it waits for.

    A length of days or a weekday counts only where it comes first: anywhere else it may be what the wish is about.
    """
    once = _ONCE.match(text) or _TAIL.match(text)
    if once is not None and (event := _event(once["what"], events)):
        return once["rest"], Wait(event=event)
    put_off = _PUT_OFF.match(text)
    if put_off is not None and (seconds := span(put_off["first"])):
        return put_off["rest"], Wait(seconds=seconds)
    later = _LATER.match(text)
    if later is not None and (seconds := span(later["span"] or later["late"])) and (later["late"] or seconds < 86_400):
        return later["rest"], Wait(seconds=seconds)
    day = _DAY.match(text)
    wish = words(day["rest"]) if day is not None else []
    if day is not None and now is not None and wish and wish[0] not in _STATES:
        on = relative_date(day["day"], now.date())
        at = find_time(day["at"] or "")
        if on is not None:
            seconds = int((datetime.combine(on, at or now.time()) - now) / timedelta(seconds=1))
            return (day["rest"], Wait(seconds=seconds)) if seconds > 0 else (text, None)
    return text, None


def only_waits(text: str) -> int | None:
    """The seconds of a wish that is nothing but "wait ten minutes"."""
    match = _ONLY.match(text)
    return span(match["span"]) if match is not None else None


def span(text: str) -> int | None:
    """A length of time in seconds: "ten minutes", "an hour", "half an hour"; None if it is none."""
    toks = tokens(text.lower())
    unit = next((size for name, size in _UNITS.items() if toks and toks[-1].rstrip("s") == name), None)
    if unit is None:
        return None
    number = next((n for n in find_numbers(toks) if n.end == len(toks) - 1), None)
    if number is not None:
        return int(number.value * unit) or None
    if toks[:1] == ["half"]:
        return unit // 2
    return unit if toks[:-1] in (["a"], ["an"], ["one"], ["the"]) else None


def _event(clause: str, events: Sequence[Event]) -> str | None:
    index = Index.of(
        {e.name: [(" ".join(name_words(e.name.replace(".", "_"))), 1.0), (e.description, 1.0)] for e in events}
    )
    ranked = index.rank(clause)
    good = ranked and (ranked[0].coverage >= 0.5 or ranked[0].score >= _MATCHES)
    return ranked[0].key if good else None


def value_for(schema: Schema, root: Schema, wait: Wait | None) -> Any:
    """What the property that says what a step waits for is to hold. Raises LookupError if there is no place for it."""
    resolved = js.resolve(schema, root)
    if wait is None:
        if not js.nullable(schema, root):
            raise LookupError("nothing says that it waits for nothing")
        return None
    if js.kind(resolved) in ("number", "integer") and wait.seconds is not None:
        return wait.seconds
    value: dict[str, Any] = {name: None for name in js.required(resolved)}
    seconds = property_for(resolved, root, _SECONDS, kinds=("number", "integer"))
    event = property_for(resolved, root, _EVENT, kinds=("string",))
    value |= {seconds: wait.seconds} if wait.seconds is not None else {}
    value |= {event: wait.event} if wait.event is not None else {}
    if "" in value or not js.valid(value, js.rooted(resolved, root)):
        raise LookupError("the schema has no place for that")
    return value
