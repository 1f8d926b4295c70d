"""After a reconnection everybody who is wanted is heard again, whoever came back first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from livekit import rtc
from livekit.rtc.event_emitter import EventEmitter

from live.subscribing import subscribe_again


class Publication:
    def __init__(self, kind: int, track: object | None = None) -> None:
        self.kind, self.track, self.asked = kind, track, 0

    def set_subscribed(self, wanted: bool) -> None:
        self.asked += wanted


class Room(EventEmitter[Any]):
    def __init__(self, **publications: Publication) -> None:
        super().__init__()
        self.remote_participants = {
            name: SimpleNamespace(identity=name, track_publications={"t": publication})
            for name, publication in publications.items()
        }


async def test_audio_that_no_track_carries_is_asked_for_again() -> None:
    mute, heard = Publication(rtc.TrackKind.KIND_AUDIO), Publication(rtc.TrackKind.KIND_AUDIO, track=object())
    picture, stranger = Publication(rtc.TrackKind.KIND_VIDEO), Publication(rtc.TrackKind.KIND_AUDIO)
    room = Room(mute=mute, heard=heard, picture=picture, stranger=stranger)
    subscribe_again(cast(rtc.Room, room), lambda participant: participant.identity != "stranger")
    assert mute.asked == 0
    room.emit("reconnected")
    assert [p.asked for p in (mute, heard, picture, stranger)] == [1, 0, 0, 0]
