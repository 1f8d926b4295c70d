"""Agent-to-agent events in the room: one envelope, over LiveKit's data channel."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from livekit import rtc

from contracts.events import Event
from contracts.names import ROOM_EVENTS_TOPIC


class RoomEvents:
    """What this agent tells the others in the room. The caller is told nothing: it may hold what is not for them."""

    def __init__(self, room: rtc.Room, *, role: str, caller: str) -> None:
        self._room = room
        self._role = role
        self._caller = caller
        self._numbers = count(1)

    async def publish(self, event: Event) -> None:
        """Passes an event from backstage on, under its own id, as sent by this role."""
        others = [identity for identity in self._room.remote_participants if identity != self._caller]
        if not others:  # an empty list of receivers would mean everybody
            return
        told = event.model_copy(update={"role": self._role, "sequence": next(self._numbers), "at": datetime.now(UTC)})
        await self._room.local_participant.send_text(
            told.model_dump_json(), topic=ROOM_EVENTS_TOPIC, destination_identities=others
        )
