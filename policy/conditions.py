"""Conditions of approval rules: Common Expression Language, checked for names and types before it is ever asked."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

from cel_expr_python import cel

_TYPES: Mapping[str, tuple[str, str]] = {
    "tool": ("STRING", "the tool's name"),
    "capability": ("STRING", "what it takes, such as billing.refund"),
    "effect": ("STRING", "reversible or irreversible"),
    "role": ("STRING", "who wants to call"),
    "subject": ("STRING", "the person whose data it is"),
    "args": ("ARGS", "the arguments of the call, such as args.currency"),
    "amount": ("DOUBLE", "the argument that the tool names as amount_argument, as a number: write 50.0"),
    "now": ("TIMESTAMP", "when it is asked: now.getHours('Europe/Berlin')"),
    "from_outside": ("BOOL", "whether untrusted text moved it"),
    "in_records": ("NAMES", "arguments whose values a system of record told this step"),
    **{
        f"{what}.{period}": ("DOUBLE", f"{words} for this person in the last {span}")
        for what, words in (("done", "effects of this tool"), ("spent", "their amounts, summed,"))
        for period, span in (("hour", "hour"), ("day", "24 hours"), ("week", "7 days"))
    },
}
VARIABLES: Mapping[str, str] = {name: meaning for name, (_, meaning) in _TYPES.items()}
"""What a condition may ask about, and what it means."""


def problem(condition: str) -> str | None:
    """What is wrong with it, with what is allowed; None when nothing is."""
    try:
        kind = _compiled(condition).return_type().name()
    except RuntimeError as error:
        return _words(str(error))
    return None if kind == "BOOL" else f"it must be true or false, and it is {kind.lower()}"


def holds(condition: str, values: Mapping[str, Any]) -> bool | None:
    """Whether it holds for these values of the variables; None when it cannot be told, as for a missing argument."""
    try:
        answer = _compiled(condition).eval(data=dict(values)).value()
    except (RuntimeError, TypeError, ValueError):  # no condition at all, or a value that the language lacks
        return None
    return answer if isinstance(answer, bool) else None


def reads(condition: str, prefix: str) -> bool:
    """Whether it may ask for a variable of that name, or below it."""
    return re.search(rf"(?<![\w.]){re.escape(prefix)}\b", condition) is not None


@lru_cache(maxsize=1024)
def _compiled(condition: str) -> Any:
    return _environment().compile(condition)


@cache
def _environment() -> Any:
    special = {"ARGS": cel.Type.Map(cel.Type.STRING, cel.Type.DYN), "NAMES": cel.Type.List(cel.Type.STRING)}
    types = {name: special.get(kind) or getattr(cel.Type, kind) for name, (kind, _) in _TYPES.items()}
    return cel.NewEnv(variables=types)


def _words(error: str) -> str:
    """The checker's first complaint, in our words."""
    if unknown := re.search(r"undeclared reference to '([^']*)'", error):
        close = difflib.get_close_matches(unknown[1], VARIABLES, n=1)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        return f"there is no {unknown[1]!r}{meant}; allowed: {', '.join(VARIABLES)}"
    if mismatch := re.search(r"no matching overload for '_?([^']+?)_?' applied to '\(([^']*)\)'", error):
        number = ", and numbers here have a point, as 50.0" if "double" in mismatch[2] and "int" in mismatch[2] else ""
        return f"{mismatch[1]!r} does not go with ({mismatch[2]}){number}"
    first = re.search(r"ERROR: <input>:\d+:(\d+): ([^\n]*)", error)
    return f"column {first[1]}: {first[2]}" if first else f"it is no condition: {error.splitlines()[0]}"
