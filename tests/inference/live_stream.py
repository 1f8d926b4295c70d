"""A Deepgram live connection that a test speaks into in real time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from deepgram import AsyncDeepgramClient
from deepgram.core.events import EventType
from deepgram.listen.v1.socket_client import AsyncV1SocketClient
from deepgram.listen.v1.types.listen_v1results import ListenV1Results

from inference.engines.base import LISTEN_RATE, Pcm16

PIECE = LISTEN_RATE // 50


class LiveStream:
    """What was sent, and every message that came back with the time of its arrival."""

    def __init__(self, socket: AsyncV1SocketClient) -> None:
        self.socket = socket
        self.messages: list[Any] = []
        self.arrivals: list[float] = []
        self.closed = asyncio.Event()
        self._news = asyncio.Condition()

    async def on_message(self, message: Any) -> None:
        async with self._news:
            self.messages.append(message)
            self.arrivals.append(time.perf_counter())
            self._news.notify_all()

    async def on_close(self, _: Any) -> None:
        async with self._news:
            self.closed.set()
            self._news.notify_all()

    async def speak(self, pcm: Pcm16, *, pace: float = 1.0) -> float:
        """Send audio as a microphone does, 20 ms at a time. Returns when its last sample was sent."""
        started = time.perf_counter()
        for at in range(0, len(pcm), PIECE):
            await self.socket.send_media(pcm[at : at + PIECE].tobytes())
            ahead = started + (at + PIECE) / LISTEN_RATE / pace - time.perf_counter()
            await asyncio.sleep(max(0.0, ahead))
        return time.perf_counter()

    async def until(self, holds: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait for a message that makes it true."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(holds)

    def of(self, kind: str) -> list[Any]:
        return [message for message in self.messages if getattr(message, "type", None) == kind]

    @property
    def finals(self) -> list[ListenV1Results]:
        return [message for message in self.of("Results") if message.is_final]

    @property
    def heard(self) -> str:
        return " ".join(text for final in self.finals if (text := final.channel.alternatives[0].transcript))


@asynccontextmanager
async def live_stream(client: AsyncDeepgramClient, **options: Any) -> AsyncIterator[LiveStream]:
    """Open `/v1/listen` with 16 kHz linear16 unless told otherwise."""
    query = {"model": "nova-3", "encoding": "linear16", "sample_rate": LISTEN_RATE, "punctuate": "true", **options}
    async with client.listen.v1.connect(**{k: v for k, v in query.items() if v is not None}) as socket:
        stream = LiveStream(socket)
        socket.on(EventType.MESSAGE, stream.on_message)
        socket.on(EventType.CLOSE, stream.on_close)
        listening = asyncio.create_task(socket.start_listening())
        try:
            yield stream
        finally:
            listening.cancel()
