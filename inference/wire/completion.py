"""A reply of the house model as OpenAI writes it: one completion, or a stream of chunks."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator
from typing import Any

from inference.wire.chat import ChatRequest, HouseReply
from inference.wire.tokens import usage

FINGERPRINT = "fp_house_1"
WORDS_PER_CHUNK = 3
ARGUMENT_BYTES_PER_CHUNK = 24
_WORDS = re.compile(r"\s*\S+\s*")


class Completion:
    """One answered request. `clipped` says that the text was cut at the caller's token limit."""

    def __init__(self, request: ChatRequest, reply: HouseReply, *, clipped: bool) -> None:
        self.id = f"chatcmpl-{secrets.token_hex(12)}"
        self._created = int(time.time())
        self._request = request
        self._reply = reply
        self.finish_reason = "length" if clipped else "tool_calls" if reply.tool_calls else "stop"
        self.usage = usage(request, reply)
        self._calls = [
            {
                "id": f"call_{secrets.token_hex(12)}",
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)},
            }
            for call in reply.tool_calls
        ]

    def body(self) -> dict[str, Any]:
        """The `chat.completion` object."""
        message: dict[str, Any] = {"role": "assistant", "content": self._reply.content, "refusal": None}
        if self._calls:
            message["tool_calls"] = self._calls
        choice = {"index": 0, "message": message, "finish_reason": self.finish_reason, "logprobs": None}
        return {**self._envelope("chat.completion"), "choices": [choice], "usage": self.usage}

    def chunks(self) -> Iterator[dict[str, Any]]:
        """The `chat.completion.chunk` objects: role, text by word groups, calls, finish, usage if asked for."""
        yield self._chunk({"role": "assistant", "content": "" if self._reply.content else None, "refusal": None})
        words = _WORDS.findall(self._reply.content or "")
        for start in range(0, len(words), WORDS_PER_CHUNK):
            yield self._chunk({"content": "".join(words[start : start + WORDS_PER_CHUNK])})
        for index, call in enumerate(self._calls):
            function = call["function"]
            assert isinstance(function, dict)
            head = {**call, "index": index, "function": {"name": function["name"], "arguments": ""}}
            yield self._chunk({"tool_calls": [head]})
            arguments = str(function["arguments"])
            for start in range(0, len(arguments), ARGUMENT_BYTES_PER_CHUNK):
                part = arguments[start : start + ARGUMENT_BYTES_PER_CHUNK]
                yield self._chunk({"tool_calls": [{"index": index, "function": {"arguments": part}}]})
        yield self._chunk({}, self.finish_reason)
        if self._wants_usage:
            yield {**self._envelope("chat.completion.chunk"), "choices": [], "usage": self.usage}

    @property
    def _wants_usage(self) -> bool:
        options = self._request.stream_options
        return bool(options and options.include_usage)

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        chunk: dict[str, Any] = {**self._envelope("chat.completion.chunk"), "choices": [choice]}
        if self._wants_usage:
            chunk["usage"] = None
        return chunk

    def _envelope(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self._created,
            "model": self._request.model,
            "service_tier": "default",
            "system_fingerprint": FINGERPRINT,
        }
