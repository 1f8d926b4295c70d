"""`POST /sessions`: someone wants to talk; they get a room and a token."""

from __future__ import annotations

import hashlib
import logging
import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from console.deps import Deps
from console.problems import Problem, unavailable
from console.rooms import RoomCard, Rooms, RoomUnavailable, caller_identity, room_name
from console.sessions import BackstageUnavailable, SessionOver
from contracts.names import new_id
from contracts.session import SessionStart
from store.errors import StoreError

log = logging.getLogger(__name__)

_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SUBJECT_WORDS = "1 to 64 of letters, digits, '-' and '_'; no personal data (no name, no phone number)"


def _subject(value: str) -> str:
    if not _SUBJECT.fullmatch(value):
        # Without the value: what came in may be somebody's name.
        raise PydanticCustomError("subject", "allowed: {words}", {"words": _SUBJECT_WORDS})
    return value


class SessionAsked(BaseModel):
    """`subject` names the person across calls. Take a number of your own: an id is kept in the clear."""

    model_config = ConfigDict(extra="forbid")

    composition: str
    subject: Annotated[str, AfterValidator(_subject), Field(description=_SUBJECT_WORDS)]


class SessionOpened(BaseModel):
    """Join `room` at `url` as `identity` with `token`, which is good for ten minutes."""

    session_id: str
    room: str
    url: str
    token: str
    identity: str


def session_id_for(key: str | None, asked: SessionAsked) -> str:
    """A fresh id; with an idempotency key the same id for the same key, subject and composition."""
    if key is None:
        return new_id("session")
    digest = hashlib.sha256("\n".join((key, asked.subject, asked.composition)).encode()).hexdigest()
    return f"session-{digest[:24]}"


def session_start(session_id: str, card: RoomCard) -> SessionStart:
    return SessionStart(
        session_id=session_id,
        room=room_name(session_id),
        subject_id=card.subject_id,
        composition=card.composition,
        caller_identity=caller_identity(session_id),
        opened_at=datetime.now(UTC),
    )


def opened(rooms: Rooms, session_id: str) -> SessionOpened:
    """With a fresh token."""
    return SessionOpened(
        session_id=session_id,
        room=room_name(session_id),
        url=rooms.url,
        token=rooms.token(session_id),
        identity=caller_identity(session_id),
    )


def router(deps: Deps) -> APIRouter:
    routes = APIRouter()

    @routes.post("/sessions", status_code=HTTPStatus.CREATED)
    async def open_session(
        asked: SessionAsked,
        response: Response,
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
    ) -> SessionOpened:
        if asked.composition not in deps.compositions:
            allowed = sorted(deps.compositions)
            raise Problem(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                f"composition: {asked.composition!r} is not known; allowed: {', '.join(allowed)}",
                extra={"allowed": allowed},
            )
        session_id = session_id_for(idempotency_key, asked)
        card = RoomCard(composition=asked.composition, subject_id=asked.subject)
        try:
            await deps.rooms.create(session_id, card)
            await deps.sessions.start(session_start(session_id, card))
        except RoomUnavailable as error:
            log.error("room not created for %s: %s", session_id, error)
            raise unavailable(
                f"The LiveKit server at {deps.rooms.url} did not create the room. Check that it runs and that "
                "LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET fit it, then ask again."
            ) from error
        except BackstageUnavailable as error:
            log.error("session %s not started: %s", session_id, error)
            await _close_unused(deps, session_id)
            raise unavailable(
                "Temporal does not answer, so the call cannot be looked after. Check that it runs at "
                "GREENROOM_TEMPORAL_ADDRESS, then ask again (with the same Idempotency-Key, if you sent one)."
            ) from error
        except SessionOver as error:
            await _close_unused(deps, session_id)
            raise Problem(
                HTTPStatus.CONFLICT,
                "The session of this Idempotency-Key is over. Ask with a new key to open another one.",
                extra={"session_id": session_id},
            ) from error
        deps.metrics.sessions_opened.labels(asked.composition).inc()
        response.headers["Location"] = f"/api/sessions/{session_id}"
        try:
            await deps.access.remember_call(response, session_id)
        except StoreError as error:  # a call goes on without its page's cards; it is not refused for the database
            log.warning("%s has no cookie: %s", session_id, error)
        return opened(deps.rooms, session_id)

    return routes


async def _close_unused(deps: Deps, session_id: str) -> None:
    try:
        await deps.rooms.delete(session_id)
    except RoomUnavailable as error:  # the room closes by itself when nobody joins
        log.warning("unused room of %s left to its timeout: %s", session_id, error)
