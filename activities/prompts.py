"""What backstage models are told. Pure: contexts in, chat messages out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.composition import Role
from contracts.handoff import HandoffContext, Message
from contracts.tools import ToolSpec

ChatMessage = dict[str, Any]


def handoff_messages(context: HandoffContext, role: Role, messages: Sequence[Message], known: str) -> list[ChatMessage]:
    """Messages of one call in a hand-off's loop: the role, the goal and the context `known`, then the loop so far."""
    parts = [f"Goal: {context.goal.body}"]
    if context.constraints:
        parts.append("Constraints:\n" + "\n".join(f"- {c}" for c in context.constraints))
    if known:
        parts.append(known)
    chat: list[ChatMessage] = [
        {"role": "system", "content": role.instructions.strip()},
        {"role": "user", "content": "\n\n".join(parts)},
    ]
    chat.extend(_wire(message) for message in messages)
    return chat


def _wire(message: Message) -> ChatMessage:
    wire: ChatMessage = {"role": message.role, "content": message.content.body if message.content else None}
    if message.tool_calls:
        wire["tool_calls"] = [
            {"id": c.call_id, "type": "function", "function": {"name": c.tool, "arguments": c.arguments.body}}
            for c in message.tool_calls
        ]
    if message.tool_call_id is not None:
        wire["tool_call_id"] = message.tool_call_id
    return wire


def tool_params(specs: Sequence[ToolSpec]) -> list[dict[str, Any]]:
    """Tools in the shape of the chat protocol."""
    return [
        {
            "type": "function",
            "function": {"name": s.name, "description": s.description, "parameters": s.parameters},
        }
        for s in specs
    ]
