"""The voice agent: the model's words made speakable, and never silence when a model fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import Protocol

from livekit import rtc
from livekit.agents import Agent, APIError, FlushSentinel, ModelSettings, llm, stt
from livekit.agents.voice.events import ConversationItemAddedEvent

from contracts.phrases import Phrases
from live.audio import without_lead
from live.auditing import Auditing
from live.config import Timings
from live.context import CallContext
from live.load import LoadWatch
from live.phrasebook import chime
from live.thinking import ChatModels
from live.voices import Voices
from policy.degradation import Step
from policy.interruption import backchannel
from policy.speakable import speakable_stream

logger = logging.getLogger("greenroom.live.agent")

BRIEF = "Answer in one short sentence."
"""What a model is told under load."""
_TRANSCRIPTS = (
    stt.SpeechEventType.INTERIM_TRANSCRIPT,
    stt.SpeechEventType.PREFLIGHT_TRANSCRIPT,
    stt.SpeechEventType.FINAL_TRANSCRIPT,
)


class Holding(Protocol):
    """Who answers instead of the model."""

    def reply(self, words: str, *, over_speech: bool) -> str | None:
        """What is said to the caller's words instead of asking the model: None is nothing, empty is silence.

        `words` is empty where the model goes on after a tool. `over_speech`: they broke off what the agent was saying.
        """

    @property
    def waits(self) -> bool:
        """Whether the caller was asked something that a bare "okay" may answer."""

    def answered(self) -> None: ...

    def failed(self) -> str | None:
        """No model answered: what is said instead of the apology, if anything."""


class VoiceAgent(Agent):
    """`context` is rendered into each model call; it is never part of the stored conversation.

    `not_offered` is told the name of each tool that the model calls without having been offered it; `only_listens` that
    the caller said "mm-hm" or the like into the agent's speech.
    """

    def __init__(
        self,
        *,
        instructions: str,
        history: llm.ChatContext,
        tools: list[llm.Tool],
        context: CallContext,
        phrases: Phrases,
        timings: Timings,
        models: ChatModels,
        voices: Voices,
        not_offered: Callable[[str], None],
        holding: Holding,
        auditing: Auditing,
        only_listens: Callable[[], object],
    ) -> None:
        super().__init__(instructions=instructions, chat_ctx=history, tools=tools, tts=voices)  # type: ignore[arg-type]
        self._answered: llm.ChatMessage | None = None
        self._context = context
        self._phrases = phrases
        self._timings = timings
        self._models = models
        self._voices = voices
        self._not_offered = not_offered
        self._holding = holding
        self._auditing = auditing
        self._only_listens = only_listens
        self._load = LoadWatch(lambda: models.rota.resting + voices.rota.resting, auditing.degraded)

    async def on_enter(self) -> None:
        self.session.on("conversation_item_added", self._on_item)
        self._load.start()

    async def on_exit(self) -> None:
        self.session.off("conversation_item_added", self._on_item)
        self._load.stop()
        self._models.rota.stop()
        self._voices.rota.stop()

    @property
    def answers(self) -> str:
        """Id of the caller's turn that is answered, which the session records only once its answer has begun."""
        return self._answered.id if self._answered is not None else ""

    @property
    def conversation(self) -> list[llm.ChatItem]:
        """So far, with the turn that is answered."""
        items = [*self.chat_ctx.items]
        if self._answered is not None and all(item.id != self._answered.id for item in items):
            items.append(self._answered)
        return items

    def _on_item(self, event: ConversationItemAddedEvent) -> None:
        if isinstance(event.item, llm.ChatMessage) and (latency := event.item.metrics.get("e2e_latency")) is not None:
            self._load.turn(latency)

    async def stt_node(
        self, audio: AsyncIterable[rtc.AudioFrame], model_settings: ModelSettings
    ) -> AsyncIterator[stt.SpeechEvent | str]:
        """Without the words that only show that somebody listens: to the framework the agent's speech then goes on.

        Its own detector of them is a cloud service; its `min_words` would hold back "stop" and "wait" too.
        """
        async for event in Agent.default.stt_node(self, audio, model_settings):
            if not isinstance(event, stt.SpeechEvent) or not self._is_backchannel(event):
                yield event
            elif event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
                self._only_listens()

    def _is_backchannel(self, event: stt.SpeechEvent) -> bool:
        speech = self.session.current_speech
        if speech is None or speech.interrupted or self._holding.waits:
            return False
        return event.type in _TRANSCRIPTS and bool(event.alternatives) and backchannel(event.alternatives[0].text)

    def _instead(self, chat_ctx: llm.ChatContext) -> str | None:
        last = chat_ctx.items[-1] if chat_ctx.items else None
        if not isinstance(last, llm.ChatMessage) or last.role != "user":
            return self._holding.reply("", over_speech=False)
        self._answered = last
        before = chat_ctx.items[-2] if len(chat_ctx.items) > 1 else None
        cut = isinstance(before, llm.ChatMessage) and before.role == "assistant" and before.interrupted
        return self._holding.reply(last.text_content or "", over_speech=cut)

    async def llm_node(
        self, chat_ctx: llm.ChatContext, tools: list[llm.Tool], model_settings: ModelSettings
    ) -> AsyncIterator[llm.ChatChunk | str | FlushSentinel]:
        """Two tries, bounded; after the first failure the holding phrase is heard, after the second an apology.

        While no model is to be asked, the apology is heard at once.
        """
        if (instead := self._instead(chat_ctx)) is not None:
            if instead:
                yield instead
            return
        brief = BRIEF if self._load.step >= Step.SHORTER_REPLIES else ""
        request, offered = self._context.request(chat_ctx, brief), set(llm.ToolContext(tools).function_tools)
        models = self._models.tries(smaller=self._load.step >= Step.SMALLER_MODEL)
        patiences = (self._timings.first_token, self._timings.second_try)
        for attempt, (model, patience) in enumerate(zip(models, patiences, strict=False)):
            began = False
            answer = self._models.ask(model, self, request, tools, model_settings, patience)
            asked = self._auditing.asking(model, request, tools, attempt)
            try:
                async for chunk in _within(answer, patience):
                    asked.take(chunk)
                    began = began or _says_something(chunk)
                    for name in _called(chunk) - offered:
                        self._not_offered(name)
                    yield chunk
            except (APIError, TimeoutError) as error:
                asked.over("failed", type(error).__name__)
                logger.warning(
                    "model failed", extra={"attempt": attempt, "began": began, "error": type(error).__name__}
                )
            else:
                asked.over("answered" if began else "failed", None if began else "empty")
                if began:
                    self._models.rota.worked(model)
                    self._holding.answered()
                    return
                logger.warning("model said nothing", extra={"attempt": attempt})
            finally:
                asked.over("interrupted")  # unless it was over before: the caller spoke, and nobody waits for the rest
            self._models.rota.failed(model)
            if began:
                break  # a second try would say the beginning twice
            if attempt == 0:
                self._auditing.degraded("second_try", "the model did not answer")
                yield f"{self._phrases.holding} "
                yield FlushSentinel()
        self._auditing.degraded("apology", "no model answered")
        yield f" {self._holding.failed() or self._phrases.unanswered}"

    async def tts_node(self, text: AsyncIterable[str], model_settings: ModelSettings) -> AsyncIterator[rtc.AudioFrame]:
        """When no voice answers, that is what is heard, while the words are in the room as text."""
        try:
            async for frame in without_lead(Agent.default.tts_node(self, speakable_stream(text), model_settings)):
                yield frame
        except APIError:
            logger.warning("no voice answers")
            self._auditing.degraded("no_voice", "no voice answers")
            for frame in await self._voiceless():
                yield frame

    async def _voiceless(self) -> list[rtc.AudioFrame]:
        made = await asyncio.to_thread(self._voices.phrasebook.audio, self._phrases.voiceless)
        return self._voices.frames(made if made is not None else chime())


async def _within(
    chunks: AsyncIterable[llm.ChatChunk | str | FlushSentinel], patience: float
) -> AsyncIterator[llm.ChatChunk | str | FlushSentinel]:
    """Raises TimeoutError when the next chunk takes longer than `patience` seconds."""
    iterator = aiter(chunks)
    try:
        while True:
            try:
                chunk = await asyncio.wait_for(anext(iterator), patience)
            except StopAsyncIteration:
                return
            yield chunk
    finally:
        if isinstance(iterator, AsyncIterator) and hasattr(iterator, "aclose"):
            await iterator.aclose()


def _called(chunk: llm.ChatChunk | str | FlushSentinel) -> set[str]:
    return {call.name for call in chunk.delta.tool_calls} if isinstance(chunk, llm.ChatChunk) and chunk.delta else set()


def _says_something(chunk: llm.ChatChunk | str | FlushSentinel) -> bool:
    if isinstance(chunk, llm.ChatChunk):
        return chunk.delta is not None and bool(chunk.delta.content or chunk.delta.tool_calls)
    return isinstance(chunk, str) and bool(chunk)
