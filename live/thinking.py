"""The chat models of a role: its own, and a second one that answers when the first does not."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from livekit.agents import Agent, APIConnectionError, APIConnectOptions, FlushSentinel, ModelSettings, llm

from live.rota import Rota

TRIAL = "Hello."
"""What a model that failed is asked to see whether it is back."""

Chunks = AsyncIterator[llm.ChatChunk | str | FlushSentinel]


class ChatModels:
    """Two tries for every answer: one for each model, or both for the only one. The session's own is None here.

    `own` is that one too, for trials beside the conversation.
    """

    def __init__(
        self,
        second: llm.LLM[Any] | None = None,
        *,
        own: llm.LLM[Any] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._own = own
        members = [None] if second is None else [None, second]
        self.rota: Rota[llm.LLM[Any] | None] = Rota(members, clock, self._trial if own is not None else None)

    def tries(self, *, smaller: bool = False) -> list[llm.LLM[Any] | None]:
        """Two, or none while no model is to be asked. `smaller`: the second model comes first."""
        models = self.rota.in_order()
        if len(models) < 2:
            return models * 2
        return models[::-1] if smaller else models

    async def _trial(self, model: llm.LLM[Any] | None) -> None:
        asked = model or self._own
        if asked is None:
            raise ValueError("the session's own model is tried only where it is known")
        context = llm.ChatContext.empty()
        context.add_message(role="user", content=TRIAL)
        async with asked.chat(chat_ctx=context, conn_options=APIConnectOptions(max_retry=0, timeout=5.0)) as stream:
            async for _ in stream:
                return
        raise APIConnectionError("it said nothing")

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
