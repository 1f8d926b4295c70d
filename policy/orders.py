"""What a task is told from outside, read without trust: whatever it is, it becomes an order that can be judged."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from contracts.base import Content, Contract
from contracts.task import Control, ControlKind

MAX_WORD = 64
MAX_WORDS = 2000
EXPECTED = {
    ControlKind.SUSPEND: '{"by": NAME}',
    ControlKind.RESUME: '{"by": NAME}',
    ControlKind.CORRECT: '{"by": NAME, "words": WHAT IS DIFFERENT}',
    ControlKind.CANCEL: '{"by": NAME, "words": WHY}',
    ControlKind.EXTEND: '{"by": NAME, "seconds": NUMBER}',
}
_EVENT = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Told(Contract):
    """An order as it came. `problem` says why it cannot count, if it cannot."""

    order: Control = Control()
    problem: str | None = None


def read(raw: bytes | None, kind: ControlKind, subject_id: str) -> Told:
    """An order of that kind. `words` may be text, or in the shape of `Content`; they are about that subject.

    One without any value is an order by `signal`, as the Web UI's empty signal is meant.
    """
    value = _value(raw)
    if value is None:
        return Told()
    if not isinstance(value, Mapping):
        return Told(problem=f"the order is no JSON object; send {EXPECTED[kind]}")
    words = value.get("words")
    said = _text(words.get("body") if isinstance(words, Mapping) else words)[:MAX_WORDS]
    seconds = value.get("seconds", 0.0)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return Told(problem=f"the seconds are no number; send {EXPECTED[kind]}")
    try:
        amount = float(seconds)
    except OverflowError:  # a whole number of a thousand digits is valid JSON
        amount = float("inf")
    by = _text(value.get("by")).strip()
    return Told(
        order=Control(
            by=(by if len(by) <= MAX_WORD else by[: MAX_WORD - 1] + "…") or "signal",
            words=Content(subject_id=subject_id, body=said) if said.strip() else None,
            seconds=amount,
        )
    )


def event(raw: bytes | None) -> str | None:
    """The name of an event that came from outside: a JSON string, or an object with `name`. None if it is none."""
    value = _value(raw)
    name = value.get("name") if isinstance(value, Mapping) else value
    return name if isinstance(name, str) and _EVENT.fullmatch(name) else None


def _value(raw: bytes | None) -> object:
    """None for nothing; what is no JSON is its own kind of nothing of use."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):  # a deep nesting is no JSON of ours, and must not stop the workflow
        return _UNREADABLE


_UNREADABLE = object()


def _text(value: object) -> str:
    """Text without lone surrogates, which JSON can name and no message or record can hold."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""
