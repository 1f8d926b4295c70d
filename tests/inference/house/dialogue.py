"""Drives the house model as a client does: turns, tool calls, tool results."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from inference.house import respond
from inference.wire.chat import ChatRequest, HouseReply


def tool(name: str, description: str, needed: dict[str, Any] | None = None, **optional: Any) -> dict[str, Any]:
    """A tool as the wire offers it; `needed` are required parameters, `optional` the others."""
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": description,
            "parameters": {
                "type": "object",
                "properties": {**(needed or {}), **optional},
                "required": list(needed or {}),
                "additionalProperties": False,
            },
        },
    }


def text(description: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


def whole(description: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "integer", "description": description, **more}


class Dialogue:
    """One conversation. `say` and `result` return the model's reply and keep it in the history."""

    def __init__(self, system: str, tools: list[dict[str, Any]] | None = None, today: date | None = None) -> None:
        self.messages: list[dict[str, Any]] = [{"role": "system", "content": system}]
        self.tools = tools or []
        self.today = today
        self._calls = 0
        self._open: list[str] = []

    def say(self, words: str, **more: Any) -> HouseReply:
        self.messages.append({"role": "user", "content": words})
        return self._ask(**more)

    def result(self, *values: Any) -> HouseReply:
        """Feeds back one result for each call of the last reply."""
        assert len(values) == len(self._open), f"{len(self._open)} calls are open"
        for call_id, value in zip(self._open, values, strict=True):
            content = value if isinstance(value, str) else json.dumps(value)
            self.messages.append({"role": "tool", "tool_call_id": call_id, "content": content})
        return self._ask()

    def _ask(self, **more: Any) -> HouseReply:
        body = {"model": "house-1", "messages": self.messages, "tools": self.tools or None, **more}
        reply = respond(ChatRequest.model_validate(body), today=self.today)
        self._open = []
        message: dict[str, Any] = {"role": "assistant", "content": reply.content}
        for call in reply.tool_calls:
            self._calls += 1
            self._open.append(f"call_{self._calls}")
            entry = {"id": self._open[-1], "type": "function"}
            function = {"name": call.name, "arguments": json.dumps(call.arguments)}
            message.setdefault("tool_calls", []).append({**entry, "function": function})
        self.messages.append(message)
        return reply


def calls(reply: HouseReply) -> list[tuple[str, dict[str, Any]]]:
    return [(call.name, call.arguments) for call in reply.tool_calls]


def said(reply: HouseReply) -> str:
    assert not reply.tool_calls, f"called {calls(reply)} where words were expected"
    assert reply.content
    return reply.content
