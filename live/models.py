"""The session's models: the plugins for OpenAI's and Deepgram's wires, and the local ones that need no network."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from functools import partial
from typing import Any

from livekit.agents import APIConnectOptions, inference, stt
from livekit.agents.voice import AgentSession
from livekit.agents.voice.agent_session import SessionConnectOptions
from livekit.plugins import deepgram, openai
from openai import AsyncClient, Client, OpenAIError

from contracts.composition import Composition, Role, SpeechModels
from live.config import LiveConfig, Service
from live.phrasebook import Phrasebook
from live.thinking import ChatModels
from live.voices import Voices

logger = logging.getLogger("greenroom.live.models")

STT_ENDPOINTING_MS = 400
"""Silence after which recognition settles its words: just less than the end of a turn. With less, a pause splits a
sentence in two results, and the turn is taken before the second one came; with more, the turn waits for it."""


@dataclass
class Warm:
    """What a process loads before its first job. One client for chat and speech: its TLS context alone takes 0.1 s."""

    vad: inference.VAD
    turn_detector: inference.TurnDetector | None
    client: AsyncClient


def warm_up(config: LiveConfig) -> Warm:
    return Warm(
        vad=inference.VAD(),
        turn_detector=inference.TurnDetector(version="v1-mini") if config.use_turn_detector else None,
        # The session tries again, and speaks in between: a hidden retry would be silence.
        client=AsyncClient(base_url=config.openai_base_url, api_key=config.openai_api_key, max_retries=0),
    )


def build_voices(config: LiveConfig, speech: SpeechModels, warm: Warm) -> Voices:
    """The composition's voice, then the second one if there is any, then what is in the phrasebook."""
    voices = [openai.TTS(model=speech.tts, voice=speech.voice, response_format="pcm", client=warm.client)]
    if (second := config.second.voice) is not None:
        client = AsyncClient(base_url=second.base_url, api_key=second.api_key, max_retries=0)
        voices.append(openai.TTS(model=second.model, voice=second.voice, response_format="pcm", client=client))
    return Voices(voices, _phrasebook(config, speech), patience=config.timings.first_audio)


def build_chat_models(config: LiveConfig, role: Role, warm: Warm) -> ChatModels:
    own = openai.LLM(model=role.model, client=warm.client)
    if (second := config.second.chat) is None:
        return ChatModels(own=own)
    client = AsyncClient(base_url=second.base_url, api_key=second.api_key, max_retries=0)
    return ChatModels(openai.LLM(model=second.model, client=client), own=own)


def _recognition(config: LiveConfig, speech: SpeechModels) -> stt.STT[Any]:
    first = Service(base_url=config.deepgram_base_url, api_key=config.deepgram_api_key, model=speech.stt)
    services = [first] if config.second.listening is None else [first, config.second.listening]
    plugins: list[stt.STT[Any]] = [
        deepgram.STT(
            model=service.model,
            language=speech.language,
            base_url=service.base_url,
            api_key=service.api_key,
            endpointing_ms=STT_ENDPOINTING_MS,
        )
        for service in services
    ]
    if len(plugins) == 1:
        return plugins[0]
    return stt.FallbackAdapter(plugins, attempt_timeout=3.0, max_retry_per_stt=0, retry_interval=0.5)


def _phrasebook(config: LiveConfig, speech: SpeechModels) -> Phrasebook:
    return Phrasebook(config.phrases_dir, f"{config.openai_base_url} {speech.tts} {speech.voice}")


def make_phrases(config: LiveConfig) -> None:
    """Has the scripted phrases of all compositions made, in a thread beside whatever else this process does."""
    threading.Thread(target=_make_phrases, args=(config,), name="phrasebook", daemon=True).start()


def _make_phrases(config: LiveConfig) -> None:
    client = Client(base_url=config.openai_base_url, api_key=config.openai_api_key, timeout=10.0)

    def synthesize(speech: SpeechModels, words: str) -> bytes:
        answer = client.audio.speech.create(model=speech.tts, voice=speech.voice, input=words, response_format="pcm")
        return answer.content

    for composition in config.compositions.values():
        speech = composition.speech
        try:
            _phrasebook(config, speech).make_missing(composition.phrases, partial(synthesize, speech))
        except (OpenAIError, OSError) as error:
            # Calls are taken all the same; the next process that starts tries again.
            logger.warning("phrases of %s are not all made: %s", composition.id, type(error).__name__)


def build_session(config: LiveConfig, composition: Composition, role: Role, warm: Warm) -> AgentSession[None]:
    """The session of one call, not started."""
    speech, timings = composition.speech, config.timings
    return AgentSession[None](
        stt=_recognition(config, speech),
        llm=openai.LLM(model=role.model, client=warm.client),
        vad=warm.vad,
        turn_handling={
            "turn_detection": warm.turn_detector or "vad",
            "endpointing": {"min_delay": timings.min_endpointing, "max_delay": timings.max_endpointing},
            "interruption": {
                "mode": "vad",
                "min_duration": 0.4,
                # A final result takes less: what is no word, or only shows that somebody listens, is a short pause.
                "false_interruption_timeout": 1.2,
            },
            # The agent may answer with an order to a running task: never to words that may not be the turn yet.
            "preemptive_generation": {"enabled": False},
        },
        max_tool_steps=4,
        user_away_timeout=timings.user_away,
        transcription_timeout=timings.transcription,
        aec_warmup_duration=None,
        conn_options=SessionConnectOptions(
            # Recognition is a standing connection: it is opened again for as long as the call lasts.
            stt_conn_options=APIConnectOptions(max_retry=100_000, retry_interval=0.5, timeout=3.0),
            # The agent itself tries again and speaks in between; hidden retries would be silence.
            llm_conn_options=APIConnectOptions(max_retry=0, timeout=timings.first_token),
            # A voice that fails is followed by the next one, not by another try.
            tts_conn_options=APIConnectOptions(max_retry=0, timeout=timings.first_audio),
        ),
    )
