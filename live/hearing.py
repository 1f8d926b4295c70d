"""What the session notices, and what it means for the call: turns, signs of life, silence, failed models."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from livekit.agents import AgentSession, llm
from livekit.agents.voice.events import (
    ConversationItemAddedEvent,
    ErrorEvent,
    UserInputTranscribedEvent,
    UserStateChangedEvent,
)

from contracts.session import Speaker, Turn
from live.delegation import CallFacts
from live.transcript import Transcript
from policy.readback import ReadBack

logger = logging.getLogger("greenroom.live.hearing")

_TIMINGS = (
    "transcription_delay",
    "end_of_turn_delay",
    "on_user_turn_completed_delay",
    "llm_node_ttft",
    "llm_node_ttfs",
    "tts_node_ttfb",
    "playback_latency",
    "e2e_latency",
)


class Recorder(Protocol):
    def turn_ended(self, turn: Turn) -> None: ...


class Hearing:
    """`transcript` is what was said so far. Nothing here waits: every turn is queued with the recorder."""

    def __init__(self, facts: CallFacts, recorder: Recorder, read_back: ReadBack) -> None:
        self.transcript = Transcript(facts, self._turn_ended)
        self.lost_synthesis = 0
        self._recorder = recorder
        self._read_back = read_back

    def listen(
        self,
        session: AgentSession[None],
        *,
        still_there: str,
        reachable: Callable[[], bool],
        sign_of_life: Callable[[], None],
    ) -> None:
        """`still_there` is asked once a silence, while the caller is reachable."""
        self._session = session
        self._still_there = still_there
        self._reachable = reachable
        self._sign_of_life = sign_of_life
        self._asked_if_there = False
        session.on("conversation_item_added", self._on_item)
        session.on("user_input_transcribed", self._on_words)
        session.on("user_state_changed", self._on_user_state)
        session.on("error", self._on_error)

    def _on_item(self, event: ConversationItemAddedEvent) -> None:
        self.transcript.on_item(event)
        if isinstance(event.item, llm.ChatMessage):
            metrics = {name: value for name, value in event.item.metrics.items() if isinstance(value, float)}
            timings = {name: round(metrics[name] * 1000) for name in _TIMINGS if name in metrics}
            logger.info("turn %s %s ms %s", event.item.id, event.item.role, timings)

    def _turn_ended(self, turn: Turn) -> None:
        if turn.speaker is Speaker.CALLER:
            self._read_back.caller_spoke(turn.text.body)
        else:
            self._read_back.agent_spoke(turn.text.body, interrupted=turn.interrupted)
        self._recorder.turn_ended(turn)

    def _on_words(self, event: UserInputTranscribedEvent) -> None:
        if event.is_final and event.transcript.strip():
            self._asked_if_there = False
            self._sign_of_life()

    def _on_user_state(self, event: UserStateChangedEvent) -> None:
        if event.new_state == "away" and not self._asked_if_there and self._reachable():
            self._asked_if_there = True
            self._session.say(self._still_there)

    def _on_error(self, event: ErrorEvent) -> None:
        kind = getattr(event.error, "type", "error")
        logger.warning("session error", extra={"kind": kind, "source": getattr(event.source, "label", "")})
        if kind == "tts_error" and not event.error.recoverable:
            self.lost_synthesis += 1
        # A call is never closed because a model failed: the next turn may work again.
        event.error.recoverable = True
