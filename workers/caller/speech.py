"""The caller's own ears and mouth: the speech engines in this process, off the event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from inference.engines.base import Pcm16, Synthesizer, Transcriber


class Speech:
    """Engines behind two threads: hearing never waits for speaking."""

    def __init__(self, transcriber: Transcriber, synthesizer: Synthesizer) -> None:
        self._transcriber = transcriber
        self._synthesizer = synthesizer
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="caller-speech")

    @classmethod
    async def load(cls) -> Speech:
        """The house engines, warmed up."""
        return await asyncio.to_thread(cls._load)

    @classmethod
    def _load(cls) -> Speech:
        from inference.engines.hibari import HibariSynthesizer
        from inference.engines.whisper import WhisperTranscriber

        transcriber, synthesizer = WhisperTranscriber(workers=1), HibariSynthesizer()
        transcriber.warm_up()
        synthesizer.warm_up()
        return cls(transcriber, synthesizer)

    async def voice(self, text: str) -> Pcm16:
        """The text as mono 24 kHz audio; empty when there is nothing to pronounce."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._voice, text)

    async def words(self, pcm: Pcm16) -> str:
        """What was said in mono 16 kHz audio; "" when nothing was."""
        transcript = await asyncio.get_running_loop().run_in_executor(self._threads, self._transcriber.transcribe, pcm)
        return transcript.text.strip()

    def _voice(self, text: str) -> Pcm16:
        pieces = list(self._synthesizer.synthesize(text))
        return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
