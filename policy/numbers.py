"""Values of tool arguments: which are numbers, and which are the same."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any


def number_in(value: Any) -> Decimal | None:
    """A finite number, or a text that is nothing but one, as money often is."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 and true are not, which Python takes for equal."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
