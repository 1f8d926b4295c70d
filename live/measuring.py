"""How long each stage of a turn took, and what the model was told: taken from the session once the turn is over."""

from __future__ import annotations

import logging

from livekit.agents import llm

from contracts.context import RenderedContext
from contracts.latency import LatencyBudget, TurnStages
from live.context import CallContext
from policy import latency

logger = logging.getLogger("greenroom.live.latency")


class Measuring:
    """Of one call, turn by turn. A turn over its budget is logged with the stage that it is put down to."""

    def __init__(self, context: CallContext, budget: LatencyBudget) -> None:
        self._context = context
        self._budget = budget
        self._asked: dict[str, float] = {}

    def take(self, item: llm.ChatMessage) -> tuple[TurnStages | None, RenderedContext | None]:
        """Of a turn that has ended. What a caller's turn tells belongs to the answer that follows."""
        metrics = {name: value for name, value in item.metrics.items() if isinstance(value, float)}
        if item.role == "user":
            self._asked = metrics
            return None, None
        asked, self._asked = self._asked, {}
        found = latency.stages(asked, metrics, self._context.render_seconds, self._budget)
        if found is not None and found.missed is not None:
            logger.warning("turn over budget", extra={"turn": item.id, "stage": found.missed.value, "ms": found.total})
        return found, self._context.take_rendered()
