"""Whether a decision made again is the same decision, and where it first differs."""

from __future__ import annotations

import json
from typing import Any


def difference(before: Any, now: Any, place: str = "") -> str | None:
    """The first place where two values differ, in words; None where they do not. Both are of JSON."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted(before.keys() | now.keys()):
            found = difference(before.get(name), now.get(name), f"{place}.{name}" if place else name)
            if found is not None:
                return found
        return None
    if isinstance(before, list) and isinstance(now, list):
        for number in range(max(len(before), len(now))):
            first = before[number] if number < len(before) else None
            second = now[number] if number < len(now) else None
            if (found := difference(first, second, f"{place}[{number + 1}]")) is not None:
                return found
        return None
    if type(before) is type(now) and before == now:
        return None
    return f"{place or 'the answer'}: was {_shown(before)}, is {_shown(now)}"


def readable(output: dict[str, Any]) -> dict[str, Any]:
    """A model's output with the JSON in it read, so that spaces and the order of keys make no difference."""
    calls = [{"name": call["name"], "arguments": _parsed(call["arguments"])} for call in output.get("tool_calls") or ()]
    return {"content": _parsed(output.get("content")), "tool_calls": calls}


def _parsed(text: str | None) -> Any:
    try:
        return json.loads(text) if text else text
    except ValueError:
        return text


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
