"""The caller's presence: who left cleanly, who vanished and may come back, who can hear us."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from livekit import rtc

from contracts.session import CallerPresence
from live.leaving import Leaving, Reason

logger = logging.getLogger("greenroom.live.caller")


class Told(Protocol):
    def caller_changed(self, presence: CallerPresence, identity: str) -> None: ...


class Caller:
    """Watches one participant. `left_cleanly` is called before the call is left."""

    def __init__(
        self,
        room: rtc.Room,
        told: Told,
        leaving: Leaving,
        *,
        identity: str,
        return_seconds: float,
        left_cleanly: Callable[[], None],
    ) -> None:
        self.identity = identity
        self._room = room
        self._told = told
        self._leaving = leaving
        self._return_seconds = return_seconds
        self._left_cleanly = left_cleanly
        self._giving_up: asyncio.TimerHandle | None = None

    @property
    def present(self) -> bool:
        return self.identity in self._room.remote_participants

    def watch(self) -> None:
        self._room.on("participant_connected", self._on_joined)
        self._room.on("participant_disconnected", self._on_left)

    def _on_joined(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self.identity:
            if self._giving_up is not None:
                self._giving_up.cancel()
            self._told.caller_changed(CallerPresence.PRESENT, self.identity)

    def _on_left(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity != self.identity:
            return
        reason = participant.disconnect_reason
        if reason == rtc.DisconnectReason.CLIENT_INITIATED:
            self._left_cleanly()
            self._told.caller_changed(CallerPresence.GONE, self.identity)
            self._leaving.leave(Reason.CALLER_LEFT)
        elif reason != rtc.DisconnectReason.DUPLICATE_IDENTITY:
            logger.info("the caller vanished; may come back for %.0f s", self._return_seconds)
            self._told.caller_changed(CallerPresence.LOST, self.identity)
            loop = asyncio.get_running_loop()
            self._giving_up = loop.call_later(self._return_seconds, self._leaving.leave, Reason.CALLER_LEFT)
