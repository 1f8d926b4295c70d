"""A session is one call in one room; a turn is what one side said before the other took over."""

from __future__ import annotations

from enum import StrEnum

from contracts.approval import OpenApproval
from contracts.base import Content, Contract, Moment
from contracts.context import RenderedContext
from contracts.delivery import Offer
from contracts.escalation import CallEscalation
from contracts.latency import TurnStages
from contracts.task import TaskState


class Participant(Contract):
    """Someone in the room. `kind` is `caller`, `agent` or `reviewer`."""

    identity: str
    kind: str
    role: str | None = None


class SessionStart(Contract):
    """Input of a session workflow."""

    session_id: str
    room: str
    subject_id: str
    composition: str
    caller_identity: str
    opened_at: Moment


class Speaker(StrEnum):
    CALLER = "caller"
    AGENT = "agent"


class Turn(Contract):
    """One utterance as it was heard: an interrupted agent turn holds only what was spoken.

    `turn_id` is made by its sender and unique in the session; `latency_ms` is the time from the end of the caller's
    speech to the agent's first audio, on agent turns that answer speech.
    """

    turn_id: str
    session_id: str
    epoch: int
    role: str
    speaker: Speaker
    text: Content
    started_at: Moment
    ended_at: Moment
    interrupted: bool = False
    latency_ms: float | None = None
    stages: TurnStages | None = None
    """Where that time went."""
    told: RenderedContext | None = None
    """What the agent's model was told for this turn, and what not."""


class RoleHealth(StrEnum):
    JOINING = "joining"
    PRESENT = "present"
    SUSPECT = "suspect"
    LOST = "lost"
    LEFT = "left"
    FAILED = "failed"


class RoleState(Contract):
    """How one live role attends. `epoch` counts agents of this role in this session, from 1."""

    role: str
    epoch: int
    health: RoleHealth
    identity: str | None = None
    reason: str | None = None


class CallerPresence(StrEnum):
    PRESENT = "present"
    GONE = "gone"
    """Left cleanly: hung up."""
    LOST = "lost"
    """Vanished: what was played to the end may not have been heard."""


class CallerChanged(Contract):
    presence: CallerPresence
    identity: str
    at: Moment


class SessionEnd(Contract):
    reason: str
    at: Moment


class SessionSnapshot(Contract):
    """All that an agent needs to go on with the call, answered by one query. `turns` are the recent ones."""

    session_id: str
    room: str
    subject_id: str
    composition: str
    caller_identity: str
    ended: bool
    summary: Content | None
    """What was said before `turns`."""
    turns: tuple[Turn, ...]
    turn_count: int
    roles: tuple[RoleState, ...]
    tasks: tuple[TaskState, ...]
    approvals: tuple[OpenApproval, ...]
    offers: tuple[Offer, ...]
    stream_offset: int
    escalations: tuple[CallEscalation, ...] = ()
    """Of this call, those that have ended too: what a reviewer told the agent stays known."""
    last_call: Content | None = None
    """What the subject's call before this one came to."""
