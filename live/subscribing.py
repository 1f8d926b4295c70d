"""Audio that was asked for stays asked for when the media server comes back."""

from __future__ import annotations

from collections.abc import Callable

from livekit import rtc


def subscribe_again(room: rtc.Room, wanted: Callable[[rtc.RemoteParticipant], bool] = lambda _: True) -> None:
    """Asks anew, once `room` has reconnected, for the audio of every wanted participant.

    Somebody who is back sooner publishes while this client still reconnects: the SDK drops what is asked for then, and
    nobody would be heard any more.
    """

    def ask() -> None:
        for participant in filter(wanted, room.remote_participants.values()):
            for publication in participant.track_publications.values():
                if publication.kind == rtc.TrackKind.KIND_AUDIO and publication.track is None:
                    publication.set_subscribed(True)

    room.on("reconnected", ask)
