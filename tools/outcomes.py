"""What a call was, and what its answer means."""

from __future__ import annotations

import json
from typing import Any

from contracts.base import Content
from contracts.tools import ToolCall, ToolOutcome, ToolStatus
from policy.authority import canonical
from tools.server import ServerResult


def arguments_of(call: ToolCall) -> dict[str, Any] | None:
    """The call's arguments; None if they are no JSON object, nested without end, or hold text that no wire takes."""
    try:
        value = json.loads(call.arguments.body)
        if isinstance(value, dict):
            canonical(value).encode()
            return value
    except (ValueError, RecursionError):  # ValueError: no JSON, or half of a surrogate pair
        return None
    return None


def status_of(answer: ServerResult, has_effect: bool) -> ToolStatus:
    """What an answer means. An object with an `error` word is the tool's own no: nothing happened."""
    refused = answer.data is not None and isinstance(answer.data.get("error"), str)
    if refused:
        # To a read, "there is no such thing" is an answer like any other.
        return ToolStatus.REFUSED if has_effect else ToolStatus.OK
    if answer.is_error:
        # The tool failed while it ran, and the flag does not tell how far it had come.
        return ToolStatus.UNKNOWN if has_effect else ToolStatus.FAILED
    return ToolStatus.OK


def outcome_of(call: ToolCall, status: ToolStatus, body: str) -> ToolOutcome:
    content = Content(subject_id=call.subject_id, body=body)
    return ToolOutcome(call_id=call.call_id, tool=call.tool, status=status, result=content)


def told(call: ToolCall, status: ToolStatus, error: str, message: str) -> ToolOutcome:
    """An outcome with our own words, in the form in which a tool says no."""
    told = outcome_of(call, status, json.dumps({"error": error, "message": message}, ensure_ascii=False))
    return told.model_copy(update={"ours": True})
