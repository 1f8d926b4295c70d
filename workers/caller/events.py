"""What a caller goes through, in the order it happened. One JSON line each on the command line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Event:
    """`at` is when it happened, in UTC."""

    at: datetime = field(default_factory=now)

    @property
    def name(self) -> str:
        return _NAMES[type(self)]

    def line(self) -> str:
        """This event as one line of JSON, its name under `event`, times in ISO 8601."""
        fields = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in asdict(self).items()}
        return json.dumps({"event": self.name, **fields}, ensure_ascii=False)


@dataclass(frozen=True, kw_only=True)
class Joined(Event):
    session_id: str
    room: str
    identity: str


@dataclass(frozen=True, kw_only=True)
class AgentJoined(Event):
    identity: str


@dataclass(frozen=True, kw_only=True)
class AgentLeft(Event):
    identity: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class AgentSpeechStarted(Event):
    """The first audible frame after a silence. `latency_ms` counts from the end of the caller's speech; it is None
    when the agent was not spoken to since it last spoke. `over_caller`: the caller was speaking."""

    identity: str
    latency_ms: float | None
    over_caller: bool


@dataclass(frozen=True, kw_only=True)
class Heard(Event):
    """One utterance of the agent as the audio came through. `text` is "" where no words could be made out."""

    identity: str
    text: str
    started_at: datetime
    ended_at: datetime
    latency_ms: float | None = None


@dataclass(frozen=True, kw_only=True)
class Said(Event):
    """`ended_at` is when the last audible sample was played. `barge_in`: over the agent's speech."""

    text: str
    started_at: datetime
    ended_at: datetime
    barge_in: bool = False


@dataclass(frozen=True, kw_only=True)
class NothingHeard(Event):
    """A wait for the agent ran out. `silent_seconds` since anything was audible, None for never."""

    waited_seconds: float
    silent_seconds: float | None


@dataclass(frozen=True, kw_only=True)
class Left(Event):
    """`reason` is `hung_up` or why the connection ended; what was audible is summed up in seconds."""

    reason: str
    utterances_heard: int
    agent_spoke_seconds: float
    longest_silence_seconds: float


@dataclass(frozen=True, kw_only=True)
class Trouble(Event):
    """A command that could not be done; `message` names the fix."""

    message: str


_NAMES: dict[type[Event], str] = {
    Joined: "joined",
    AgentJoined: "agent_joined",
    AgentLeft: "agent_left",
    AgentSpeechStarted: "agent_speech_started",
    Heard: "heard",
    Said: "said",
    NothingHeard: "nothing_heard",
    Left: "left",
    Trouble: "trouble",
}
