"""Every turn as it ended, handed to the bridge: what was said, and what was heard of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from livekit.agents import llm
from livekit.agents.voice.events import ConversationItemAddedEvent

from contracts.base import Content
from contracts.context import RenderedContext
from contracts.latency import TurnStages
from contracts.session import Speaker, Turn
from live.delegation import CallFacts

Measured = tuple[TurnStages | None, RenderedContext | None]


class Transcript:
    """`ended` is called with each turn; it must not wait. `measured` tells what is known of how it came about."""

    def __init__(
        self, facts: CallFacts, ended: Callable[[Turn], None], measured: Callable[[llm.ChatMessage], Measured]
    ) -> None:
        self._facts = facts
        self._ended = ended
        self._measured = measured
        self.last_caller_turn = ""

    def answering(self, turn_id: str) -> None:
        """A restored turn is being answered: it was recorded by the agent that heard it."""
        self.last_caller_turn = turn_id

    def on_item(self, event: ConversationItemAddedEvent) -> None:
        item = event.item
        if not isinstance(item, llm.ChatMessage) or item.role not in ("user", "assistant") or not item.text_content:
            return
        caller = item.role == "user"
        if caller:
            if item.id == self.last_caller_turn:
                return
            self.last_caller_turn = item.id
        metrics = item.metrics
        latency = metrics.get("e2e_latency")
        stages, told = self._measured(item)
        self._ended(
            Turn(
                turn_id=item.id,
                session_id=self._facts.session_id,
                epoch=self._facts.epoch,
                role=self._facts.role,
                speaker=Speaker.CALLER if caller else Speaker.AGENT,
                text=Content(subject_id=self._facts.subject_id, body=item.text_content),
                started_at=_moment(metrics.get("started_speaking_at", item.created_at)),
                ended_at=_moment(metrics.get("stopped_speaking_at", time.time())),
                interrupted=item.interrupted,
                latency_ms=round(latency * 1000, 1) if latency is not None else None,
                stages=stages,
                told=told,
            )
        )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
