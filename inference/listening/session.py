"""One live `/v1/listen` connection, from its first message to its close."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from inference.engines.audio import UnreadableAudioError
from inference.listening.channel import ChannelListener
from inference.listening.intake import AudioIntake
from inference.listening.options import ListenOptions
from inference.serving.faults import Fault
from inference.serving.metrics import Outcome, Request
from inference.serving.services import Services
from inference.wire.listen import StreamIdentity

logger = logging.getLogger("inference")
TICK_SECONDS = 0.25
MUTED_SECONDS = 1.0
"""A muted microphone sends nothing at all: without audio for so long, the utterance under way is over."""
CLEAN_CLOSES = (1000, 1001, 1005)
IDLE_SECONDS = 12.0
"""Deepgram closes a connection that sends neither audio nor KeepAlive for about 10 s."""


class LiveSession:
    """Reads messages until the client closes, answers through its channels."""

    def __init__(
        self, services: Services, socket: WebSocket, options: ListenOptions, identity: StreamIdentity, track: Request
    ) -> None:
        self._services = services
        self._socket = socket
        self._options = options
        self._identity = identity
        self._track = track
        self._intake = AudioIntake(options)
        self._channels = [
            ChannelListener(services, identity, index, options, self._send) for index in range(identity.channels)
        ]
        self._close_asked = False
        self._seen_faults: set[int] = set()
        self._bytes = 0
        self._results = 0

    async def run(self, fault: Fault | None) -> Outcome:
        """Serve until the end. Returns how it went; never raises for what a client does."""
        senders = [asyncio.create_task(channel.run()) for channel in self._channels]
        outcome: Outcome = "cancelled"
        try:
            if fault is not None and await self._suffer(fault):
                outcome = "fault"
                return outcome
            outcome = await self._read(senders)
            if self._close_asked:
                for channel in self._channels:
                    channel.finalize(answer=False)
                    channel.close()
                await asyncio.gather(*senders)
                await self._send(self._identity.metadata(self._channels[0].seconds))
                await self._socket.close(1000)
        except WebSocketDisconnect:
            outcome = "cancelled"
        except Exception:
            outcome = "error"
            logger.exception("listen %s failed", self._identity.request_id)
            await self._socket.close(1011, "NET-0000: the recognizer failed")
        finally:
            for sender in senders:
                sender.cancel()
            await asyncio.gather(*senders, return_exceptions=True)
            logger.info(
                "listen %s outcome=%s bytes=%d results=%d audio=%.2f seconds=%.2f",
                self._identity.request_id,
                outcome,
                self._bytes,
                self._results,
                self._channels[0].seconds,
                self._track.seconds,
            )
        return outcome

    async def _read(self, senders: list[asyncio.Task[None]]) -> Outcome:
        last_audio = last_message = time.monotonic()
        receiving: asyncio.Task[Any] = asyncio.ensure_future(self._socket.receive())
        try:
            while True:
                await asyncio.wait({receiving, *senders}, timeout=TICK_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if (broken := next((sender for sender in senders if sender.done()), None)) is not None:
                    broken.result()  # raises: a sender never ends by itself
                now = time.monotonic()
                if not receiving.done():
                    if now - last_audio >= MUTED_SECONDS:
                        for channel in self._channels:
                            channel.finalize(answer=False)
                    if now - last_message >= IDLE_SECONDS:
                        await self._socket.close(1011, "NET-0001: no audio and no KeepAlive came")
                        return "refused"
                    continue
                message = receiving.result()
                if message["type"] == "websocket.disconnect":
                    return "ok" if message.get("code") in CLEAN_CLOSES else "cancelled"
                receiving = asyncio.ensure_future(self._socket.receive())
                last_message = now
                if (data := message.get("bytes")) is not None:
                    last_audio = now
                    if (outcome := await self._hear(data)) is not None:
                        return outcome
                elif self._obey(message["text"]):
                    self._close_asked = True
                    return "ok"
        finally:
            receiving.cancel()

    async def _hear(self, data: bytes) -> Outcome | None:
        """Take audio. Returns an outcome if the connection is over with it."""
        if not data:
            self._close_asked = True  # the older way to say CloseStream
            return "ok"
        if (fault := self._new_fault()) is not None and await self._suffer(fault):
            return "fault"
        self._bytes += len(data)
        self._identity.digest.update(data)
        try:
            for channel, pcm in zip(self._channels, self._intake.push(data), strict=False):
                channel.push(pcm)
        except UnreadableAudioError as error:
            await self._socket.close(1008, f"DATA-0000: {error}")
            return "refused"
        return None

    def _obey(self, text: str) -> bool:
        """Follow a control message. Returns whether it closes the stream."""
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        kind = message.get("type") if isinstance(message, dict) else None
        if kind == "Finalize":
            asked = message.get("channel")
            for index, channel in enumerate(self._channels):
                if asked in (None, index):
                    channel.finalize(answer=True)
        elif kind not in ("KeepAlive", "CloseStream"):
            logger.warning("listen %s sent an unknown message of %d bytes", self._identity.request_id, len(text))
        return kind == "CloseStream"

    def _new_fault(self) -> Fault | None:
        """A fault that was set while this connection was open: it hits each connection once."""
        board = self._services.faults
        fault = board.peek("listen", self._options.model) if board is not None else None
        if board is None or fault is None or fault.number in self._seen_faults:
            return None
        return board.take("listen", self._options.model)

    async def _suffer(self, fault: Fault) -> bool:
        """Let a fault happen to the open connection. Returns whether that was its end."""
        self._seen_faults.add(fault.number)
        match fault.spec.kind:
            case "delay" | "hang":
                await fault.wait(1.0 if fault.spec.kind == "delay" else None)
            case "slow_first_token":
                for channel in self._channels:
                    channel.final_delay = fault.spec.seconds if fault.spec.seconds is not None else 1.0
            case "error":
                await self._socket.close(1011, "NET-0000: fault set for this stream")
                return True
            case "cut":
                await fault.wait(0.0)
                await self._socket.close(1011)
                return True
        return False

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "Results":
            self._results += 1
            if message["is_final"]:
                self._track.first_output()
        await self._socket.send_text(json.dumps(message))
