"""The agent's voice: several, tried in order for every sentence; scripted sentences are at hand when none answers.

The framework's own adapter for this drops the rest of a sentence whose voice breaks off, waits for a service that
hangs, and sends what is said to the failed service again, sentence by sentence, to see whether it is back.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from livekit import rtc
from livekit.agents import APIConnectionError, APIConnectOptions, APIError, APITimeoutError, tts
from livekit.agents.utils import shortuuid

from live.phrasebook import Phrasebook
from live.rota import Rota

logger = logging.getLogger("greenroom.live.voices")

FRAME_SECONDS = 0.1
TRIAL = "One."
"""What a voice that failed is asked to say to see whether it is back."""
ONE_TRY = APIConnectOptions(max_retry=0)


class Voices(tts.TTS[Any]):
    """`patience`: seconds that a voice may take to its first audio, and from one piece to the next.

    All voices have one sample rate; raises ValueError otherwise.
    """

    def __init__(
        self,
        voices: Sequence[tts.TTS[Any]],
        phrasebook: Phrasebook,
        *,
        patience: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        rates = {(voice.sample_rate, voice.num_channels) for voice in voices}
        if len(rates) != 1:
            raise ValueError(f"voices need one sample rate, and one number of channels; got {sorted(rates)}")
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False),
            sample_rate=voices[0].sample_rate,
            num_channels=voices[0].num_channels,
        )
        self.phrasebook = phrasebook
        self.patience = patience
        self.rota = Rota(voices, clock, self._trial)
        self._voices = list(voices)

    @property
    def model(self) -> str:
        return self.rota.first.model

    @property
    def provider(self) -> str:
        return self.rota.first.provider

    def synthesize(self, text: str, *, conn_options: APIConnectOptions = ONE_TRY) -> tts.ChunkedStream:
        return _Sentence(voices=self, text=text, conn_options=conn_options)

    def frames(self, pcm: bytes) -> list[rtc.AudioFrame]:
        """16-bit audio of this rate, cut up."""
        size = 2 * round(self.sample_rate * FRAME_SECONDS)
        pieces = (pcm[at : at + size] for at in range(0, len(pcm), size))
        return [rtc.AudioFrame(piece, self.sample_rate, 1, len(piece) // 2) for piece in pieces]

    async def _trial(self, voice: tts.TTS[Any]) -> None:
        async with voice.synthesize(TRIAL, conn_options=APIConnectOptions(max_retry=0, timeout=5.0)) as stream:
            async for _ in stream:
                return
        raise APIConnectionError("it said nothing")

    async def aclose(self) -> None:
        self.rota.stop()
        for voice in self._voices:
            await voice.aclose()


class _Sentence(tts.ChunkedStream):
    def __init__(self, *, voices: Voices, text: str, conn_options: APIConnectOptions) -> None:
        super().__init__(tts=voices, input_text=text, conn_options=conn_options)
        self._voices = voices

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=shortuuid(),
            sample_rate=self._voices.sample_rate,
            num_channels=self._voices.num_channels,
            mime_type="audio/pcm",
        )
        rota = self._voices.rota
        for voice in rota.in_order():
            try:
                await self._say(voice, output_emitter)
            except APIError as error:
                # What was begun is begun again by the next: a sentence twice is better than half of one.
                logger.warning("voice failed", extra={"voice": voice.provider, "error": type(error).__name__})
                rota.failed(voice)
            else:
                rota.worked(voice)
                return
        pcm = await asyncio.to_thread(self._voices.phrasebook.audio, self._input_text)
        if pcm is None:
            raise APIConnectionError("no voice answers", retryable=False)
        for frame in self._voices.frames(pcm):
            output_emitter.push_frame(frame)

    async def _say(self, voice: tts.TTS[Any], output_emitter: tts.AudioEmitter) -> None:
        options = APIConnectOptions(max_retry=0, timeout=self._voices.patience)
        async with voice.synthesize(self._input_text, conn_options=options) as stream:
            pieces = aiter(stream)
            while True:
                try:
                    audio = await asyncio.wait_for(anext(pieces), self._voices.patience)
                except StopAsyncIteration:
                    return
                except TimeoutError:
                    raise APITimeoutError(retryable=False) from None
                output_emitter.push_frame(audio.frame)
