"""LiveKit tells what happens in its rooms. Every event is verified by its signature before anything is done."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from livekit import api
from livekit.protocol.models import DisconnectReason

from console.calls import session_start
from console.deps import Deps
from console.problems import Problem, unavailable
from console.rooms import caller_identity, read_card, session_of
from console.sessions import BackstageUnavailable, SessionOver
from contracts.names import Signal
from contracts.session import CallerChanged, CallerPresence, SessionEnd

log = logging.getLogger(__name__)

PATH = "/webhooks/livekit"


def router(deps: Deps) -> APIRouter:
    routes = APIRouter()

    @routes.post(PATH)
    async def livekit_webhook(request: Request) -> Response:
        try:
            event = deps.rooms.verified_webhook(await request.body(), request.headers.get("authorization", ""))
        except PermissionError as error:
            deps.metrics.webhooks.labels("unverified", "refused").inc()
            log.warning("webhook refused: %s", error)
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "The signature is not that of our LiveKit server. Its webhook api_key must be LIVEKIT_API_KEY here.",
            ) from error
        try:
            result = await _apply(deps, event)
        except BackstageUnavailable as error:
            deps.metrics.webhooks.labels(event.event, "postponed").inc()
            raise unavailable("Temporal does not answer; send the event again.") from error  # LiveKit does
        deps.metrics.webhooks.labels(event.event, result).inc()
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return routes


async def _apply(deps: Deps, event: api.WebhookEvent) -> str:
    """What became of a verified event: `applied`, `ignored` or `late`."""
    session_id = session_of(event.room.name)
    if session_id is None:
        return "ignored"
    try:
        match event.event:
            case "room_started":
                return await _start(deps, event, session_id)
            case "participant_joined" if _of_caller(event, session_id):
                if await _start(deps, event, session_id) == "ignored":
                    return "ignored"
                await _caller(deps, event, session_id, CallerPresence.PRESENT)
            case "participant_left" | "participant_connection_aborted" if _of_caller(event, session_id):
                if event.participant.disconnect_reason == DisconnectReason.DUPLICATE_IDENTITY:
                    return "ignored"  # came back on a new connection before the old one was given up
                hung_up = event.participant.disconnect_reason == DisconnectReason.CLIENT_INITIATED
                await _caller(deps, event, session_id, CallerPresence.GONE if hung_up else CallerPresence.LOST)
            case "room_finished":
                await deps.sessions.signal(session_id, Signal.END, SessionEnd(reason="room_finished", at=_at(event)))
            case _:
                return "ignored"
    except SessionOver:
        return "late"
    return "applied"


async def _start(deps: Deps, event: api.WebhookEvent, session_id: str) -> str:
    card = read_card(event.room.metadata)
    if card is None or card.composition not in deps.compositions:
        log.warning("room %s carries no composition of ours in its metadata: no session started", event.room.name)
        return "ignored"
    await deps.sessions.start(session_start(session_id, card))
    return "applied"


async def _caller(deps: Deps, event: api.WebhookEvent, session_id: str, presence: CallerPresence) -> None:
    change = CallerChanged(presence=presence, identity=event.participant.identity, at=_at(event))
    await deps.sessions.signal(session_id, Signal.CALLER_CHANGED, change)


def _of_caller(event: api.WebhookEvent, session_id: str) -> bool:
    return bool(event.participant.identity == caller_identity(session_id))


def _at(event: api.WebhookEvent) -> datetime:
    return datetime.fromtimestamp(event.created_at, UTC) if event.created_at else datetime.now(UTC)
