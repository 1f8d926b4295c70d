"""A caller: joins the room as any person would, speaks in real time, and reports what came through the air."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from livekit import rtc

from live.subscribing import subscribe_again
from workers.caller.ear import Ear
from workers.caller.errors import CallerError
from workers.caller.events import (
    AgentJoined,
    AgentLeft,
    AgentSpeechStarted,
    Event,
    Heard,
    Joined,
    Left,
    NothingHeard,
    Said,
)
from workers.caller.front_door import Invitation
from workers.caller.microphone import Microphone, MicrophoneMode
from workers.caller.segments import Segment
from workers.caller.speech import Speech

FLOOR_SECONDS = 1.3
"""How long the agent must have been silent before the caller takes the floor: longer than its pause for breath."""
BARGE_IN_SECONDS = 0.7
"""How far into the agent's speech a barge-in starts."""


class Caller:
    """One call. Every event goes to `on_event` and to `events`, in the order it became known."""

    def __init__(
        self,
        invitation: Invitation,
        speech: Speech,
        *,
        microphone: MicrophoneMode = MicrophoneMode.SPEECH,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        self.invitation = invitation
        self.events: list[Event] = []
        self._speech = speech
        self._mic = Microphone(microphone)
        self._on_event = on_event
        self._room = rtc.Room()
        self._ears: dict[str, Ear] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._segments: asyncio.Queue[tuple[str, Segment, float | None] | None] = asyncio.Queue()
        self._heard: asyncio.Queue[Heard] = asyncio.Queue()
        self._reader: asyncio.Task[None] | None = None
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._loud = asyncio.Event()
        self._gone = asyncio.Event()
        self._reason = "hung_up"
        self._said_ended: float | None = None
        self._spoke_at = datetime.min.replace(tzinfo=UTC)
        self._agent_ended = 0.0
        self._last_sound: float | None = None
        self._agent_seconds = 0.0
        self._longest_silence = 0.0
        self._clock = datetime.now(UTC) - timedelta(seconds=time.monotonic())

    async def join(self) -> Joined:
        """Joins, publishes the microphone and subscribes to agents' audio alone. Raises CallerError."""
        room = self._room
        room.on("participant_connected", self._participant_connected)
        room.on("participant_disconnected", self._participant_disconnected)
        room.on("track_published", self._track_published)
        subscribe_again(room, _is_agent)
        room.on("track_subscribed", self._track_subscribed)
        room.on("track_unsubscribed", self._track_unsubscribed)
        room.on("disconnected", self._disconnected)
        try:
            await room.connect(self.invitation.url, self.invitation.token, rtc.RoomOptions(auto_subscribe=False))
        except rtc.ConnectError as error:
            raise CallerError(
                f"the front door sends callers to {self.invitation.url}, where no room can be joined ({error}): is the "
                "LiveKit server up, and can it be reached from here? 'greenroom doctor' tells"
            ) from error
        self._reader = asyncio.create_task(self._read_segments(), name="transcribe")
        joined = Joined(
            session_id=self.invitation.session_id, room=self.invitation.room, identity=self.invitation.identity
        )
        self._emit(joined)
        self._last_sound = time.monotonic()
        for participant in room.remote_participants.values():
            self._participant_connected(participant)
            for publication in participant.track_publications.values():
                self._track_published(publication, participant)
        await self._mic.publish(room)
        return joined

    async def say(self, text: str, *, barge_in: bool = False, wait: bool = True) -> Said:
        """Speaks once the agent has finished; with `barge_in` once the agent is well into its speech instead.

        Without `wait` it speaks at once, whoever is speaking. Raises RuntimeError when the microphone cannot.
        """
        pcm = await self._speech.voice(text)
        if barge_in:
            since = await self._agent_speaks()
            await asyncio.sleep(max(0.0, since + BARGE_IN_SECONDS - time.monotonic()))
        elif wait:
            await self._floor()
        played = await self._mic.play(pcm)
        self._sound(played.started, played.ended)
        self._said_ended = played.ended
        self._spoke_at = self._wall(played.started)
        said = Said(
            text=text, started_at=self._wall(played.started), ended_at=self._wall(played.ended), barge_in=barge_in
        )
        self._emit(said)
        return said

    async def wait_heard(self, seconds: float) -> Heard | None:
        """The next utterance that the agent began after the caller last spoke, each given once; None when none was
        over within that time. What was still on its way when the caller spoke is no answer, and stays in `events`."""
        try:
            async with asyncio.timeout(seconds):
                while (heard := await self._heard.get()).started_at < self._spoke_at:
                    pass
                return heard
        except TimeoutError:
            last = max((e.ended_at for e in self.events if isinstance(e, Heard)), default=None)
            silent = None if last is None else (datetime.now(UTC) - last).total_seconds()
            self._emit(NothingHeard(waited_seconds=seconds, silent_seconds=silent))
            return None

    async def wait_left(self) -> str:
        """Until the call is over, whoever ended it; why."""
        await self._gone.wait()
        return self._reason

    async def hang_up(self) -> Left:
        """Leaves, reports what was still being heard, and sums up. Safe to call twice."""
        if self._reader is not None:
            await self._room.disconnect()
            await self._mic.aclose()
            for sid in list(self._ears):
                await self._ears.pop(sid).close()
            await asyncio.gather(*self._closing)
            self._segments.put_nowait(None)
            await self._reader
            self._reader = None
            self._emit(
                Left(
                    reason=self._reason,
                    utterances_heard=sum(isinstance(e, Heard) for e in self.events),
                    agent_spoke_seconds=round(self._agent_seconds, 2),
                    longest_silence_seconds=round(self._longest_silence, 2),
                )
            )
            self._gone.set()
        return next(e for e in reversed(self.events) if isinstance(e, Left))

    def agents(self) -> list[str]:
        """Identities of the agents in the room now."""
        return [p.identity for p in self._room.remote_participants.values() if _is_agent(p)]

    @property
    def speaking(self) -> bool:
        """Whether the caller speaks now."""
        return self._mic.speaking

    @property
    def over(self) -> bool:
        """Whether the call has ended, whoever ended it."""
        return self._gone.is_set()

    @property
    def agent_audible_at(self) -> datetime | None:
        """When the newest audible sound of an agent came through; None before the first."""
        newest = max((ear.last_loud for ear in self._ears.values()), default=0.0)
        newest = max(newest, self._agent_ended)
        return self._wall(newest) if newest else None

    async def _floor(self) -> None:
        """Until the agent has been silent for long enough."""
        while True:
            await self._quiet.wait()
            remaining = self._agent_ended + FLOOR_SECONDS - time.monotonic()
            if remaining <= 0:
                return
            try:
                await asyncio.wait_for(self._loud.wait(), remaining)
            except TimeoutError:
                return

    async def _agent_speaks(self) -> float:
        await self._loud.wait()
        return min(e.speaking_since for e in self._ears.values() if e.speaking_since is not None)

    async def _read_segments(self) -> None:
        while (item := await self._segments.get()) is not None:
            identity, segment, latency = item
            heard = Heard(
                identity=identity,
                text=await self._speech.words(segment.pcm),
                started_at=self._wall(segment.started),
                ended_at=self._wall(segment.ended),
                latency_ms=latency,
            )
            self._emit(heard)
            self._heard.put_nowait(heard)

    def _participant_connected(self, participant: rtc.RemoteParticipant) -> None:
        if _is_agent(participant):
            self._emit(AgentJoined(identity=participant.identity))

    def _participant_disconnected(self, participant: rtc.RemoteParticipant) -> None:
        if _is_agent(participant):
            reason = participant.disconnect_reason
            name = rtc.DisconnectReason.Name(reason) if reason is not None else "UNKNOWN_REASON"
            self._emit(AgentLeft(identity=participant.identity, reason=name))

    def _track_published(self, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant) -> None:
        if _is_agent(participant) and publication.kind == rtc.TrackKind.KIND_AUDIO:
            publication.set_subscribed(True)

    def _track_subscribed(
        self, track: rtc.Track, _: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        self._ears[track.sid] = Ear(
            participant.identity, track, on_start=self._speech_started, on_segment=self._speech_ended
        )

    def _track_unsubscribed(self, track: rtc.Track, _: rtc.RemoteTrackPublication, __: rtc.RemoteParticipant) -> None:
        ear = self._ears.pop(track.sid, None)
        if ear is not None:
            task = asyncio.create_task(ear.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _disconnected(self, reason: rtc.DisconnectReason.ValueType) -> None:
        if reason != rtc.DisconnectReason.CLIENT_INITIATED:
            self._reason = rtc.DisconnectReason.Name(reason)
            self._gone.set()

    def _speech_started(self, ear: Ear, started: float) -> None:
        over_caller = self._mic.speaking
        asked, self._said_ended = (None, self._said_ended) if over_caller else (self._said_ended, None)
        ear.latency_ms = None if asked is None else round((started - asked) * 1000, 1)
        self._quiet.clear()
        self._loud.set()
        self._silence_until(started)
        self._emit(
            AgentSpeechStarted(
                at=self._wall(started), identity=ear.identity, latency_ms=ear.latency_ms, over_caller=over_caller
            )
        )

    def _speech_ended(self, ear: Ear, segment: Segment) -> None:
        self._agent_seconds += segment.ended - segment.started
        self._agent_ended = max(self._agent_ended, segment.ended)
        self._sound(segment.started, segment.ended)
        self._segments.put_nowait((ear.identity, segment, ear.latency_ms))
        if not any(e.hears_speech for e in self._ears.values()):
            self._loud.clear()
            self._quiet.set()

    def _silence_until(self, started: float) -> None:
        if self._last_sound is not None and not self._mic.speaking:
            self._longest_silence = max(self._longest_silence, started - self._last_sound)

    def _sound(self, started: float, ended: float) -> None:
        self._silence_until(started)
        self._last_sound = max(ended, self._last_sound or ended)

    def _wall(self, monotonic: float) -> datetime:
        return self._clock + timedelta(seconds=monotonic)

    def _emit(self, event: Event) -> None:
        self.events.append(event)
        if self._on_event is not None:
            self._on_event(event)


def _is_agent(participant: rtc.RemoteParticipant) -> bool:
    return bool(participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT)
