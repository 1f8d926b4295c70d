"""LiveKit rooms of sessions: their names, what they carry, and the callers' tokens."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import aiohttp
from livekit import api
from pydantic import BaseModel, ConfigDict, ValidationError

ROOM_PREFIX = "greenroom-"
TOKEN_TTL = timedelta(minutes=10)
EMPTY_SECONDS = 60
"""A room that nobody joins closes after this."""
TIMEOUT_SECONDS = 5.0


class RoomUnavailable(Exception):
    """LiveKit did not create the room."""


class RoomCard(BaseModel):
    """A room's metadata: ids alone, enough for a webhook to start the session."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    composition: str
    subject_id: str


def room_name(session_id: str) -> str:
    return f"{ROOM_PREFIX}{session_id}"


def session_of(room: str) -> str | None:
    """The session whose room that is; None for a room that is none of ours."""
    return room.removeprefix(ROOM_PREFIX) if room.startswith(ROOM_PREFIX) and room != ROOM_PREFIX else None


def caller_identity(session_id: str) -> str:
    """One identity a session, so that a caller who comes back replaces the connection that was lost."""
    return f"caller-{session_id}"


def read_card(metadata: str) -> RoomCard | None:
    try:
        return RoomCard.model_validate_json(metadata)
    except ValidationError:
        return None


class Rooms:
    """Creates rooms and signs tokens. `url` is the server's WebSocket address, which callers get too."""

    def __init__(self, url: str, key: str, secret: str) -> None:
        self.url = url
        self._key = key
        self._secret = secret
        self._session: aiohttp.ClientSession | None = None
        self._webhooks = api.WebhookReceiver(api.TokenVerifier(key, secret))

    def _client(self) -> api.LiveKitAPI:
        if self._session is None:  # aiohttp wants a running loop
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))
        return api.LiveKitAPI(self.url, self._key, self._secret, session=self._session, failover=False)

    async def create(self, session_id: str, card: RoomCard) -> str:
        """The room of that session, made when it does not exist. Raises RoomUnavailable."""
        name = room_name(session_id)
        request = api.CreateRoomRequest(name=name, metadata=card.model_dump_json(), empty_timeout=EMPTY_SECONDS)
        try:
            await asyncio.wait_for(self._client().room.create_room(request), TIMEOUT_SECONDS)
        except (aiohttp.ClientError, api.TwirpError, TimeoutError) as error:
            raise RoomUnavailable(f"{type(error).__name__}: {error}") from error
        return name

    async def delete(self, session_id: str) -> None:
        """Raises RoomUnavailable; a room that is gone already is no error."""
        try:
            request = api.DeleteRoomRequest(room=room_name(session_id))
            await asyncio.wait_for(self._client().room.delete_room(request), TIMEOUT_SECONDS)
        except api.TwirpError as error:
            if error.code != api.TwirpErrorCode.NOT_FOUND:
                raise RoomUnavailable(str(error)) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise RoomUnavailable(f"{type(error).__name__}: {error}") from error

    def token(self, session_id: str) -> str:
        """A caller's token: join that room, speak, listen. No agent's rights, no change of what others are told."""
        grants = api.VideoGrants(
            room_join=True,
            room=room_name(session_id),
            can_publish=True,
            can_publish_sources=["microphone"],
            can_subscribe=True,
            can_publish_data=True,
            can_update_own_metadata=False,
        )
        return (
            api.AccessToken(self._key, self._secret)
            .with_identity(caller_identity(session_id))
            .with_ttl(TOKEN_TTL)
            .with_grants(grants)
            .to_jwt()
        )

    def verified_webhook(self, body: bytes, authorization: str) -> api.WebhookEvent:
        """The event, when its signature is LiveKit's. Raises PermissionError otherwise."""
        try:
            return self._webhooks.receive(body.decode("utf-8"), authorization)
        except Exception as error:  # the library raises bare Exception for a wrong hash
            raise PermissionError(f"{type(error).__name__}: {error}") from error

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
