"""An agent shows that it lives, takes a new token, and makes room for a newer one."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from live_samples import until
from livekit import rtc
from livekit.rtc.event_emitter import EventEmitter

from contracts import names
from contracts.attendance import AttachToken
from contracts.tokens import token_mark
from live.attending import Attending
from live.bridge import Heartbeat
from live.leaving import Leaving, Reason


class Heart:
    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.beats = 0
        self.state = Heartbeat.ALIVE

    def use_token(self, task_token: str) -> None:
        self.tokens.append(task_token)

    async def heartbeat(self) -> Heartbeat:
        self.beats += 1
        return self.state


class Room(EventEmitter[Any]):
    def __init__(self) -> None:
        super().__init__()
        self.attributes: dict[str, str] = {}
        self.local_participant = self

    async def set_attributes(self, attributes: dict[str, str]) -> None:
        self.attributes.update(attributes)

    def send(self, topic: str, data: bytes, participant: object = None) -> None:
        self.emit("data_received", SimpleNamespace(topic=topic, data=data, participant=participant))


class World:
    def __init__(self) -> None:
        self.heart, self.room, self.leaving = Heart(), Room(), Leaving()
        self.attending = Attending(self.heart, self.leaving, role="voice", epoch=2, token="old", every=0.01)
        self.attending.watch(cast(rtc.Room, self.room))

    def joins(self, *, role: str = "voice", epoch: str = "3", agent: bool = True) -> None:
        """A participant as the server describes it."""
        kind = rtc.ParticipantKind
        participant = object.__new__(rtc.RemoteParticipant)
        participant._info = cast(
            Any,
            SimpleNamespace(
                kind=kind.PARTICIPANT_KIND_AGENT if agent else kind.PARTICIPANT_KIND_STANDARD,
                attributes={names.ATTRIBUTE_ROLE: role, names.ATTRIBUTE_EPOCH: epoch},
            ),
        )
        self.room.emit("participant_connected", participant)


@pytest.fixture
async def world() -> World:
    return World()


async def test_heartbeats_stop_when_detached_and_go_on_with_a_new_token(world: World) -> None:
    world.attending.start()
    await until(lambda: world.heart.beats > 2)
    world.heart.state = Heartbeat.DETACHED
    await until(lambda: not world.attending._attached.is_set())
    stopped = world.heart.beats
    await asyncio.sleep(0.05)
    assert world.heart.beats == stopped and not world.leaving.left, "the caller is served on"
    world.heart.state = Heartbeat.ALIVE
    world.room.send(names.ATTACH_TOPIC, AttachToken(epoch=2, task_token="new").model_dump_json().encode())
    await until(lambda: world.heart.beats > stopped)
    assert world.heart.tokens == ["old", "new"]
    await until(lambda: world.room.attributes)
    assert world.room.attributes == {names.ATTRIBUTE_ATTACHED: token_mark("new")}
    world.attending.stop()


async def test_temporal_away_is_no_reason_to_stop(world: World) -> None:
    world.heart.state = Heartbeat.AWAY
    world.attending.start()
    await until(lambda: world.heart.beats > 5)
    assert not world.leaving.left
    world.attending.stop()


async def test_a_probe_is_answered_with_its_nonce(world: World) -> None:
    world.room.send(names.PROBE_TOPIC, json.dumps({"nonce": "n1"}).encode())
    await until(lambda: world.room.attributes)
    assert world.room.attributes == {names.ATTRIBUTE_PROBE: "n1"}


async def test_only_the_server_may_probe_or_attach(world: World) -> None:
    stranger = object()
    world.room.send(names.PROBE_TOPIC, json.dumps({"nonce": "n1"}).encode(), stranger)
    forged = AttachToken(epoch=2, task_token="forged").model_dump_json().encode()
    world.room.send(names.ATTACH_TOPIC, forged, stranger)
    world.room.send(names.ATTACH_TOPIC, AttachToken(epoch=9, task_token="x").model_dump_json().encode(), stranger)
    await asyncio.sleep(0)
    assert world.room.attributes == {} and world.heart.tokens == ["old"] and not world.leaving.left


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"epoch": "many"}'])
async def test_nonsense_from_the_server_harms_nothing(world: World, data: bytes) -> None:
    for topic in (names.PROBE_TOPIC, names.ATTACH_TOPIC):
        world.room.send(topic, data)
    assert world.heart.tokens == ["old"] and not world.leaving.left


async def test_a_newer_agent_of_the_role_ends_this_one_at_once(world: World) -> None:
    silent: list[Reason] = []
    world.leaving.at_once(silent.append)
    world.joins(epoch="3")
    assert silent == [Reason.SUPERSEDED], "before anything is awaited"
    assert await world.leaving.wait() is Reason.SUPERSEDED


@pytest.mark.parametrize(
    "who",
    [{"epoch": "2"}, {"epoch": "1"}, {"epoch": ""}, {"epoch": "x"}, {"role": "vision"}, {"agent": False}],
)
async def test_nobody_else_does(world: World, who: dict[str, Any]) -> None:
    world.joins(**who)
    assert not world.leaving.left


@pytest.mark.parametrize(
    ("reason", "left"),
    [
        (rtc.DisconnectReason.PARTICIPANT_REMOVED, Reason.SUPERSEDED),
        (rtc.DisconnectReason.ROOM_DELETED, Reason.ENDED),
    ],
)
async def test_leaving_the_room_is_leaving(world: World, reason: int, left: Reason) -> None:
    world.room.emit("disconnected", reason)
    assert await world.leaving.wait() is left
    world.joins()
    assert await world.leaving.wait() is left, "the first reason stays"
