"""Token counts. The house model has no tokenizer: a token is four bytes of UTF-8, the usual rule of thumb."""

from __future__ import annotations

import json

from inference.wire.chat import ChatRequest, HouseReply, ImagePart, Message

BYTES_PER_TOKEN = 4
TOKENS_PER_MESSAGE = 4
TOKENS_PER_IMAGE = 85
"""What OpenAI counts for a picture at low detail."""


def count_text(text: str) -> int:
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def _count_message(message: Message) -> int:
    images = sum(isinstance(part, ImagePart) for part in message.content) if isinstance(message.content, list) else 0
    calls = sum(count_text(call.function.name + call.function.arguments) for call in message.tool_calls or [])
    return TOKENS_PER_MESSAGE + count_text(message.text) + calls + images * TOKENS_PER_IMAGE


def count_prompt(request: ChatRequest) -> int:
    tools = sum(count_text(tool.model_dump_json(exclude_none=True)) for tool in request.tools or [])
    return sum(_count_message(message) for message in request.messages) + tools


def count_reply(reply: HouseReply) -> int:
    calls = sum(count_text(call.name + json.dumps(call.arguments)) for call in reply.tool_calls)
    return count_text(reply.content or "") + calls


def usage(request: ChatRequest, reply: HouseReply) -> dict[str, object]:
    """The `usage` object of a completion."""
    prompt, completion = count_prompt(request), count_reply(reply)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def clip(reply: HouseReply, limit: int | None) -> tuple[HouseReply, bool]:
    """Shorten the text of a reply to `limit` tokens. Returns the reply, and whether anything was cut."""
    if limit is None or reply.content is None or count_text(reply.content) <= limit:
        return reply, False
    kept = reply.content.encode()[: limit * BYTES_PER_TOKEN].decode(errors="ignore")
    return HouseReply(content=kept, tool_calls=[]), True
