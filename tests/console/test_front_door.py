"""The front door over HTTP, with its two servers replaced at their edge: what is accepted, refused, and done."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from front_door import SECRET, Door
from sqlalchemy import text

from console.rooms import RoomCard
from contracts.names import Signal
from contracts.people import PersonRole
from contracts.session import CallerChanged, CallerPresence


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    opened = Door(tmp_path / "records.db")
    async with opened.http:
        yield opened


def room(session_id: str = "s1", composition: str = "support") -> dict[str, str]:
    card = RoomCard(composition=composition, subject_id="caller-7")
    return {"name": f"greenroom-{session_id}", "metadata": card.model_dump_json()}


def caller(session_id: str = "s1", **more: Any) -> dict[str, Any]:
    return {"identity": f"caller-{session_id}", **more}


async def test_a_session_gives_a_room_and_a_token_that_may_speak_and_no_more(door: Door) -> None:
    answer = await door.ask()
    assert answer.status_code == 201, answer.text
    opened = answer.json()
    assert opened["room"] == f"greenroom-{opened['session_id']}"
    assert opened["url"] == "ws://rooms.test"
    claims = jwt.decode(opened["token"], SECRET, algorithms=["HS256"])
    assert claims["sub"] == opened["identity"]
    assert claims["exp"] - claims["nbf"] == 600
    assert claims.get("kind", "") in ("", "standard")
    grants = claims["video"]
    assert grants["room"] == opened["room"] and grants["roomJoin"] and grants["canSubscribe"]
    assert grants["canPublishSources"] == ["microphone"]
    assert not grants["canUpdateOwnMetadata"]
    assert not {"agent", "roomAdmin", "roomCreate", "roomList", "hidden", "canManageAgentSession"} & set(grants)
    start = door.sessions.started[opened["session_id"]]
    assert (start.subject_id, start.composition, start.room) == ("caller-7", "support", opened["room"])
    assert start.caller_identity == opened["identity"]
    assert door.rooms.created[opened["session_id"]] == RoomCard(composition="support", subject_id="caller-7")


async def test_two_askings_are_two_sessions_and_one_key_is_one(door: Door) -> None:
    ids = [(await door.ask()).json()["session_id"] for _ in range(2)]
    assert ids[0] != ids[1]
    keyed = [(await door.ask(**{"Idempotency-Key": "k1"})).json()["session_id"] for _ in range(2)]
    assert keyed[0] == keyed[1]
    assert (await door.ask(subject="other", **{"Idempotency-Key": "k1"})).json()["session_id"] != keyed[0]
    assert len(door.sessions.started) == 4


async def test_an_unknown_composition_is_refused_naming_the_known(door: Door) -> None:
    answer = await door.ask(composition="sales")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "support" in answer.json()["detail"] and "support" in answer.json()["allowed"]
    assert not door.sessions.started and not door.rooms.created


@pytest.mark.parametrize("subject", ["", "a b", "a@b.example", "x" * 65, "-x", "ä", "a\n"])
async def test_a_bad_subject_is_refused_naming_what_is_allowed(door: Door, subject: str) -> None:
    answer = await door.ask(subject=subject)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "subject" in answer.json()["detail"] and "64" in answer.json()["detail"]
    assert not door.sessions.started


async def test_temporal_away_is_said_with_what_to_do_and_leaves_no_room(door: Door) -> None:
    door.sessions.down = True
    answer = await door.ask()
    assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0
    assert "GREENROOM_TEMPORAL_ADDRESS" in answer.json()["detail"]
    assert door.rooms.deleted == list(door.rooms.created)


async def test_livekit_away_is_said_and_starts_nothing(door: Door) -> None:
    door.rooms.down = True
    answer = await door.ask()
    assert answer.status_code == 503 and "LIVEKIT_URL" in answer.json()["detail"]
    assert not door.sessions.started


async def test_the_key_of_a_call_that_is_over_opens_nothing(door: Door) -> None:
    first = (await door.ask(**{"Idempotency-Key": "k"})).json()["session_id"]
    door.sessions.over.add(first)
    assert (await door.ask(**{"Idempotency-Key": "k"})).status_code == 409


@pytest.mark.parametrize("event", ["room_started", "participant_joined"])
async def test_a_webhook_alone_starts_the_session(door: Door, event: str) -> None:
    answer = await door.webhook({"event": event, "room": room(), "participant": caller(), "createdAt": "1790000000"})
    assert answer.status_code == 204, answer.text
    start = door.sessions.started["s1"]
    assert (start.subject_id, start.composition, start.caller_identity) == ("caller-7", "support", "caller-s1")


@pytest.mark.parametrize(
    ("reason", "presence"), [("CLIENT_INITIATED", CallerPresence.GONE), ("CONNECTION_TIMEOUT", CallerPresence.LOST)]
)
async def test_who_hangs_up_is_gone_and_who_drops_is_lost(door: Door, reason: str, presence: CallerPresence) -> None:
    participant = caller(disconnectReason=reason)
    await door.webhook({"event": "participant_left", "room": room(), "participant": participant, "createdAt": "5"})
    ((session_id, signal, change),) = door.sessions.signals
    assert (session_id, signal) == ("s1", Signal.CALLER_CHANGED)
    assert isinstance(change, CallerChanged) and change.presence is presence and change.at.timestamp() == 5


async def test_leaving_agents_and_replaced_connections_are_no_news_of_the_caller(door: Door) -> None:
    agent = {"identity": "agent-1", "disconnectReason": "CLIENT_INITIATED"}
    await door.webhook({"event": "participant_left", "room": room(), "participant": agent})
    replaced = caller(disconnectReason="DUPLICATE_IDENTITY")
    await door.webhook({"event": "participant_left", "room": room(), "participant": replaced})
    assert door.sessions.signals == []


async def test_a_finished_room_ends_the_session(door: Door) -> None:
    await door.webhook({"event": "room_finished", "room": room()})
    ((session_id, signal, _),) = door.sessions.signals
    assert (session_id, signal) == ("s1", Signal.END)


async def test_a_forged_webhook_does_nothing(door: Door) -> None:
    event = {"event": "room_started", "room": room()}
    assert (await door.webhook(event, secret="not-the-secret-but-just-as-long-0000")).status_code == 401
    assert (await door.webhook(event, body=json.dumps({**event, "room": room("s2")}))).status_code == 401
    assert (await door.http.post("/webhooks/livekit", json=event)).status_code == 401
    assert not door.sessions.started and not door.sessions.signals


async def test_rooms_that_are_not_ours_are_left_alone(door: Door) -> None:
    for stranger in ({"name": "other"}, {"name": "greenroom-x", "metadata": "not json"}, room("s9", "sales")):
        answer = await door.webhook({"event": "room_started", "room": stranger})
        assert answer.status_code == 204
    assert not door.sessions.started


async def test_webhooks_wait_for_temporal(door: Door) -> None:
    door.sessions.down = True
    assert (await door.webhook({"event": "room_started", "room": room()})).status_code == 503


async def test_records_that_are_not_there_are_404_with_what_there_is(door: Door) -> None:
    watcher = await door.signed_in(PersonRole.OPERATOR)
    assert (await watcher.get("/api/sessions")).json() == {"items": [], "next_before": None}
    for path in ("sessions/s0", "sessions/s0/turns", "tasks/t0", "approvals/a0", "sessions?before=s0"):
        answer = await watcher.get(f"/api/{path}")
        assert answer.status_code == 404 and "there is no" in answer.json()["detail"]
    assert (await watcher.get("/api/approvals?stage=pending")).json() == []
    assert (await watcher.get("/api/deliveries?state=owed")).json() == []


async def test_records_that_cannot_be_read_are_said_with_what_to_do(door: Door) -> None:
    watcher = await door.signed_in(PersonRole.OPERATOR)
    with door.engine.begin() as connection:
        connection.execute(text("DROP TABLE sessions"))
    answer = await watcher.get("/api/sessions")
    assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0
    assert answer.headers["content-type"] == "application/problem+json" and "migrate" in answer.json()["detail"]


async def test_metrics_count_by_pattern_not_by_path(door: Door) -> None:
    await door.ask()
    await door.http.get("/api/sessions/secret-id")
    shown = (await door.http.get("/metrics")).text
    assert 'greenroom_sessions_opened_total{composition="support"} 1.0' in shown
    assert "/api/sessions/{session_id}" in shown and "secret-id" not in shown
