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
    UserTranscriptionTimeoutEvent,
)

from contracts.phrases import Phrases
from contracts.session import Speaker, Turn
from live.delegation import CallFacts
from live.measuring import Measuring
from live.transcript import Transcript
from policy.readback import ReadBack

logger = logging.getLogger("greenroom.live.hearing")

SPEECH_SECONDS = 0.6
"""Shorter sounds are a cough or a click, and no reason to ask."""
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

    def __init__(self, facts: CallFacts, recorder: Recorder, read_back: ReadBack, measuring: Measuring) -> None:
        self.transcript = Transcript(facts, self._turn_ended, measuring.take)
        self.lost_synthesis = 0
        self._told_lost = 0
        self._recorder = recorder
        self._read_back = read_back

    def listen(
        self,
        session: AgentSession[None],
        *,
        phrases: Phrases,
        reachable: Callable[[], bool],
        waits: Callable[[], bool],
        sign_of_life: Callable[[], None],
    ) -> None:
        """After a silence, or after words that nobody could make out, the caller is asked, once until words come.

        `waits`: whether the caller waits for something from us, and is silent for that reason.
        """
        self._session = session
        self._phrases = phrases
        self._reachable = reachable
        self._waits = waits
        self._sign_of_life = sign_of_life
        self._asked, self._deaf, self._only_listens = False, False, False
        session.on("conversation_item_added", self._on_item)
        session.on("user_input_transcribed", self._on_words)
        session.on("user_state_changed", self._on_user_state)
        session.on("user_transcription_timeout", self._on_no_words)
        session.on("error", self._on_error)

    def only_listens(self) -> None:
        """The caller said "mm-hm" or the like into the agent's speech: no turn, but a sign of life."""
        self._only_listens = True
        self._sign_of_life()

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
            # What no voice said is in the room as text alone: nobody is taken at their word for it.
            unheard, self._told_lost = self.lost_synthesis > self._told_lost, self.lost_synthesis
            self._read_back.agent_spoke(turn.text.body, interrupted=turn.interrupted or unheard)
        self._recorder.turn_ended(turn)

    def _on_words(self, event: UserInputTranscribedEvent) -> None:
        if event.is_final and event.transcript.strip():
            self._asked, self._deaf, self._only_listens = False, False, False
            self._sign_of_life()

    def _on_user_state(self, event: UserStateChangedEvent) -> None:
        if event.new_state == "away" and not self._waits():
            self._ask(self._phrases.still_there)

    def _on_no_words(self, event: UserTranscriptionTimeoutEvent) -> None:
        listened, self._only_listens = self._only_listens, False
        if event.speech_duration >= SPEECH_SECONDS and not listened:
            self._ask(self._phrases.cannot_hear if self._deaf else self._phrases.not_understood)

    def _ask(self, words: str) -> None:
        if not self._asked and self._reachable():
            self._asked = True
            self._session.say(words)

    def _on_error(self, event: ErrorEvent) -> None:
        kind = getattr(event.error, "type", "error")
        logger.warning("session error", extra={"kind": kind, "source": getattr(event.source, "label", "")})
        if kind == "tts_error" and not event.error.recoverable:
            self.lost_synthesis += 1
        self._deaf = self._deaf or kind == "stt_error"
        # A call is never closed because a model failed: the next turn may work again.
        event.error.recoverable = True
