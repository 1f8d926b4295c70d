"""Says in one line each what pydantic found wrong, and what is allowed instead."""

import re
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

_ALLOWED: dict[str, Callable[[dict[str, Any]], str]] = {
    "literal_error": lambda ctx: f"one of {ctx['expected']}",
    "enum": lambda ctx: f"one of {ctx['expected']}",
    "int_parsing": lambda ctx: "a whole number",
    "int_type": lambda ctx: "a whole number",
    "int_from_float": lambda ctx: "a whole number",
    "float_parsing": lambda ctx: "a number",
    "float_type": lambda ctx: "a number",
    "bool_parsing": lambda ctx: "true or false",
    "greater_than": lambda ctx: f"a number above {ctx['gt']}",
    "greater_than_equal": lambda ctx: f"a number from {ctx['ge']}",
    "less_than": lambda ctx: f"a number below {ctx['lt']}",
    "less_than_equal": lambda ctx: f"a number up to {ctx['le']}",
    "string_too_short": lambda ctx: f"text of at least {ctx['min_length']} characters",
    "string_pattern_mismatch": lambda ctx: f"text that matches {ctx['pattern']}",
}
_SECRET_WORDS = ("secret", "key", "password", "token")


def explain(error: ValidationError, *, name: Callable[[tuple[str | int, ...]], str]) -> list[str]:
    """One line for each fault: the place (as `name` spells it), the value unless it is secret, what is allowed."""
    lines = []
    for fault in error.errors(include_url=False):
        place = name(fault["loc"])
        if fault["type"] == "value_error" and not place:
            lines.append(str(fault["ctx"]["error"]))
        elif fault["type"] == "missing":
            lines.append(f"{place} is missing")
        elif fault["type"] == "extra_forbidden":
            lines.append(f"{place} is not a known key")
        else:
            allowed = _ALLOWED.get(fault["type"])
            wanted = (
                f"allowed: {allowed(fault.get('ctx', {}))}" if allowed else fault["msg"].removeprefix("Value error, ")
            )
            lines.append(f"{place}={_shown(place, fault['input'])} is not allowed; {wanted}")
    return lines


def without_password(text: str) -> str:
    """The text with the passwords of URLs in it masked."""
    return re.sub(r"(://[^:/@\s]*):[^@/\s]*@", r"\1:********@", text)


def _shown(place: str, value: object) -> str:
    if any(word in place.lower() for word in _SECRET_WORDS):
        return "(hidden)"
    text = without_password(repr(value))
    return text if len(text) <= 60 else text[:57] + "..."
