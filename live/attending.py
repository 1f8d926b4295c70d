"""Shows that this agent lives: heartbeats, the answer to a probe, a new token; and notices a newer agent."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Protocol

from livekit import rtc
from pydantic import ValidationError

from contracts import names
from contracts.attendance import AttachToken
from contracts.tokens import token_mark
from live.bridge import Heartbeat
from live.leaving import Leaving, Reason

logger = logging.getLogger("greenroom.live.attending")


class Heart(Protocol):
    async def heartbeat(self) -> Heartbeat: ...
    def use_token(self, task_token: str) -> None: ...


class Attending:
    """`every` in seconds. Heartbeats start before the room is joined; the room is watched from `join` on."""

    def __init__(self, heart: Heart, leaving: Leaving, *, role: str, epoch: int, token: str, every: float) -> None:
        self._heart = heart
        self._leaving = leaving
        self._role = role
        self._epoch = epoch
        self._every = every
        self._attached = asyncio.Event()
        self._attached.set()
        self._tasks: set[asyncio.Task[None]] = set()
        heart.use_token(token)

    def start(self) -> None:
        self._spawn(self._beat())

    def watch(self, room: rtc.Room) -> None:
        """Call before connecting, so that no packet of the first moment is missed."""
        room.on("data_received", lambda packet: self._on_data(room, packet))
        room.on("participant_connected", lambda participant: self.notice(participant))
        room.on("participant_attributes_changed", lambda _changed, participant: self.notice(participant))
        room.on("disconnected", lambda reason: self._on_disconnected(reason))

    def stop(self) -> None:
        for task in self._tasks:
            task.cancel()

    def superseded(self, role: str, epoch: int) -> None:
        """A newer agent of this role is in charge."""
        if role == self._role and epoch > self._epoch:
            logger.warning("superseded", extra={"role": role, "epoch": self._epoch, "by": epoch})
            self._leaving.leave(Reason.SUPERSEDED)

    def notice(self, participant: rtc.Participant) -> None:
        """Only a participant that the server calls an agent is believed: attributes alone prove nothing."""
        if not isinstance(participant, rtc.RemoteParticipant):
            return
        if participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT:
            epoch = participant.attributes.get(names.ATTRIBUTE_EPOCH, "")
            if epoch.isdigit():
                self.superseded(participant.attributes.get(names.ATTRIBUTE_ROLE, ""), int(epoch))

    async def _beat(self) -> None:
        while True:
            await self._attached.wait()
            began = time.monotonic()
            state = await self._heart.heartbeat()
            if state is Heartbeat.DETACHED:
                # A suspicion or a restart ended the activity, not the call: serve on until a new token comes.
                logger.warning("detached: waiting for a new token", extra={"role": self._role, "epoch": self._epoch})
                self._attached.clear()
                continue
            await asyncio.sleep(max(0.0, self._every - (time.monotonic() - began)))

    def _on_data(self, room: rtc.Room, packet: rtc.DataPacket) -> None:
        if packet.participant is not None:
            return  # only the server's own API may probe or attach an agent
        if packet.topic == names.PROBE_TOPIC:
            self._on_probe(room, packet.data)
        elif packet.topic == names.ATTACH_TOPIC:
            self._on_attach(room, packet.data)

    def _on_probe(self, room: rtc.Room, data: bytes) -> None:
        try:
            nonce = json.loads(data)["nonce"]
        except (ValueError, KeyError, TypeError):
            logger.error('probe not understood: {"nonce": "…"} is wanted')
            return
        self._spawn(self._answer(room, {names.ATTRIBUTE_PROBE: str(nonce)}))

    def _on_attach(self, room: rtc.Room, data: bytes) -> None:
        try:
            token = AttachToken.model_validate_json(data)
        except ValidationError:
            logger.error("attach token not understood: the sender speaks another version of contracts/attendance.py")
            return
        if token.epoch != self._epoch:
            self.superseded(self._role, token.epoch)
            return
        self._heart.use_token(token.task_token)
        self._attached.set()
        self._spawn(self._answer(room, {names.ATTRIBUTE_ATTACHED: token_mark(token.task_token)}))

    async def _answer(self, room: rtc.Room, attributes: dict[str, str]) -> None:
        await room.local_participant.set_attributes(attributes)

    def _on_disconnected(self, reason: rtc.DisconnectReason.ValueType) -> None:
        removed = (rtc.DisconnectReason.PARTICIPANT_REMOVED, rtc.DisconnectReason.DUPLICATE_IDENTITY)
        self._leaving.leave(Reason.SUPERSEDED if reason in removed else Reason.ENDED)

    def _spawn(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
