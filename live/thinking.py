"""The chat models of a role: its own, and a second one that answers when the first does not."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from livekit.agents import Agent, APIConnectOptions, FlushSentinel, ModelSettings, llm

from live.rota import Rota

Chunks = AsyncIterator[llm.ChatChunk | str | FlushSentinel]


class ChatModels:
    """Two tries for every answer: one for each model, or both for the only one. The session's own is None here."""

    def __init__(self, second: llm.LLM[Any] | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.rota: Rota[llm.LLM[Any] | None] = Rota([None] if second is None else [None, second], clock)

    def tries(self) -> list[llm.LLM[Any] | None]:
        models = self.rota.in_order()
        return models if len(models) > 1 else models * 2

    async def ask(
        self,
        model: llm.LLM[Any] | None,
        agent: Agent,
        request: llm.ChatContext,
        tools: list[llm.Tool],
        settings: ModelSettings,
        patience: float,
    ) -> Chunks:
        """One try. Raises APIError."""
        if model is None:
            async for chunk in Agent.default.llm_node(agent, request, tools, settings):
                yield chunk
            return
        options = APIConnectOptions(max_retry=0, timeout=patience)
        async with model.chat(
            chat_ctx=request, tools=tools, tool_choice=settings.tool_choice, conn_options=options
        ) as stream:
            async for chunk in stream:
                yield chunk
