"""A short string that a regular expression accepts."""

from __future__ import annotations

import re
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_CLASSES = {op.CATEGORY_DIGIT: "1", op.CATEGORY_WORD: "a", op.CATEGORY_SPACE: " ", op.CATEGORY_NOT_DIGIT: "a"}
_CLASSES |= {op.CATEGORY_NOT_WORD: "-", op.CATEGORY_NOT_SPACE: "a"}


def example(pattern: str) -> str | None:
    """The shortest simple match, None when the pattern is broken or uses what cannot be generated (look-arounds)."""
    try:
        text = _sequence(parser.parse(pattern), {})
    except (re.error, _Unsupported, RecursionError, OverflowError):
        return None
    return text if re.search(pattern, text) else None


class _Unsupported(Exception):
    """The pattern has a part for which no text can be made."""


def _sequence(nodes: Any, groups: dict[int, str]) -> str:
    return "".join(_node(code, value, groups) for code, value in nodes)


def _node(code: Any, value: Any, groups: dict[int, str]) -> str:
    if code is op.LITERAL:
        return chr(value)
    if code is op.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if code is op.ANY:
        return "a"
    if code is op.IN:
        return _member(value)
    if code is op.BRANCH:
        return _sequence(value[1][0], groups)
    if code in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        least, _, inner = value
        if least > 1000:
            raise _Unsupported
        return _sequence(inner, groups) * int(least)
    if code is op.SUBPATTERN:
        text = _sequence(value[3], groups)
        groups[value[0]] = text
        return text
    if code is op.GROUPREF:
        return groups.get(value, "")
    if code is op.AT:
        return ""
    raise _Unsupported


def _member(entries: Any) -> str:
    if entries and entries[0][0] is op.NEGATE:
        banned = re.compile("[" + "".join(_as_class(entry) for entry in entries[1:]) + "]")
        for char in "a1 -_A.xz":
            if not banned.match(char):
                return char
        raise _Unsupported
    code, value = entries[0]
    if code is op.LITERAL:
        return chr(value)
    if code is op.RANGE:
        return "1" if value == (ord("0"), ord("9")) else chr(value[0])
    if code is op.CATEGORY and value in _CLASSES:
        return _CLASSES[value]
    raise _Unsupported


def _as_class(entry: tuple[Any, Any]) -> str:
    code, value = entry
    if code is op.LITERAL:
        return re.escape(chr(value))
    if code is op.RANGE:
        return f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
    known = {op.CATEGORY_DIGIT: r"\d", op.CATEGORY_WORD: r"\w", op.CATEGORY_SPACE: r"\s"}
    if code is op.CATEGORY and value in known:
        return known[value]
    raise _Unsupported
