"""The session's models: the plugins for OpenAI's and Deepgram's wires, and the local ones that need no network."""

from __future__ import annotations

from dataclasses import dataclass

from livekit.agents import APIConnectOptions, inference
from livekit.agents.voice import AgentSession
from livekit.agents.voice.agent_session import SessionConnectOptions
from livekit.plugins import deepgram, openai
from openai import AsyncClient

from contracts.composition import Composition, Role
from live.config import LiveConfig

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


def build_session(config: LiveConfig, composition: Composition, role: Role, warm: Warm) -> AgentSession[None]:
    """The session of one call, not started."""
    speech, timings = composition.speech, config.timings
    return AgentSession[None](
        stt=deepgram.STT(
            model=speech.stt,
            language=speech.language,
            base_url=config.deepgram_base_url,
            api_key=config.deepgram_api_key,
            endpointing_ms=STT_ENDPOINTING_MS,
        ),
        llm=openai.LLM(model=role.model, client=warm.client),
        tts=openai.TTS(
            model=speech.tts,
            voice=speech.voice,
            response_format="pcm",
            client=warm.client,
        ),
        vad=warm.vad,
        turn_handling={
            "turn_detection": warm.turn_detector or "vad",
            "endpointing": {"min_delay": timings.min_endpointing, "max_delay": timings.max_endpointing},
            "interruption": {"mode": "vad", "min_duration": 0.4},
            "preemptive_generation": {"enabled": config.preemptive_generation},
        },
        max_tool_steps=4,
        user_away_timeout=timings.user_away,
        aec_warmup_duration=None,
        conn_options=SessionConnectOptions(
            # Recognition is a standing connection: it is opened again for as long as the call lasts.
            stt_conn_options=APIConnectOptions(max_retry=100_000, retry_interval=0.5, timeout=3.0),
            # The agent itself tries again and speaks in between; hidden retries would be silence.
            llm_conn_options=APIConnectOptions(max_retry=0, timeout=timings.first_token),
            tts_conn_options=APIConnectOptions(max_retry=1, retry_interval=0.2, timeout=2.0),
        ),
    )
