"""A caller who hangs up, vanishes, comes back, or joins twice."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import rtc
from livekit.rtc.event_emitter import EventEmitter

from contracts.session import CallerPresence
from live.caller import Caller
from live.leaving import Leaving, Reason

Why = rtc.DisconnectReason


class World(EventEmitter[Any]):
    def __init__(self, return_seconds: float = 0.05) -> None:
        super().__init__()
        self.remote_participants: dict[str, object] = {}
        self.told: list[CallerPresence] = []
        self.signs = 0
        self.leaving = Leaving()
        self.caller = Caller(
            cast(rtc.Room, self),
            self,
            self.leaving,
            identity="c",
            return_seconds=return_seconds,
            left_cleanly=self.sign,
        )
        self.caller.watch()

    def caller_changed(self, presence: CallerPresence, identity: str) -> None:
        assert identity == "c"
        self.told.append(presence)

    def sign(self) -> None:
        assert not self.leaving.left, "what was played counts as heard before the call is left"
        self.signs += 1

    def happens(self, event: str, who: str = "c", reason: int | None = None) -> None:
        self.emit(event, SimpleNamespace(identity=who, disconnect_reason=reason))


@pytest.fixture
async def world() -> World:
    return World()


async def test_hanging_up_is_a_sign_of_life_and_ends_the_call(world: World) -> None:
    world.happens("participant_disconnected", reason=Why.CLIENT_INITIATED)
    assert world.told == [CallerPresence.GONE] and world.signs == 1
    assert await world.leaving.wait() is Reason.CALLER_LEFT


@pytest.mark.parametrize("reason", [Why.CONNECTION_TIMEOUT, Why.SIGNAL_CLOSE, Why.UNKNOWN_REASON, None])
async def test_vanishing_is_no_sign_of_life_and_the_agent_waits_a_while(world: World, reason: int | None) -> None:
    world.happens("participant_disconnected", reason=reason)
    assert world.told == [CallerPresence.LOST] and world.signs == 0 and not world.leaving.left
    assert await asyncio.wait_for(world.leaving.wait(), 2) is Reason.CALLER_LEFT


async def test_who_comes_back_in_time_is_served_on(world: World) -> None:
    world.happens("participant_disconnected", reason=Why.CONNECTION_TIMEOUT)
    world.happens("participant_connected")
    await asyncio.sleep(0.1)  # longer than the caller could have taken
    assert world.told == [CallerPresence.LOST, CallerPresence.PRESENT] and not world.leaving.left


async def test_joining_twice_or_a_stranger_leaving_changes_nothing(world: World) -> None:
    world.happens("participant_disconnected", reason=Why.DUPLICATE_IDENTITY)
    world.happens("participant_disconnected", who="reviewer", reason=Why.CLIENT_INITIATED)
    world.happens("participant_connected", who="reviewer")
    assert world.told == [] and not world.leaving.left
