"""How an agent attends a call: dispatched by an activity that it then keeps alive itself."""

from __future__ import annotations

from contracts.base import Contract


class AttendanceStart(Contract):
    """Input of an attendance workflow. Times in seconds.

    `pools`: where agents come from, in this order; `max_attempts` dispatches in a row may fail in each of them.
    """

    session_id: str
    room: str
    role: str
    caller_identity: str
    composition: str = ""
    subject_id: str = ""
    epoch: int = 0
    heartbeat_timeout: float
    probe_timeout: float
    join_timeout: float
    pools: tuple[str, ...]
    max_attempts: int


class AttendRequest(Contract):
    """One agent to bring into the room. With `attached_identity` a living agent is handed a new token instead."""

    session_id: str
    room: str
    role: str
    epoch: int
    pool: str
    join_timeout: float
    composition: str = ""
    subject_id: str = ""
    caller_identity: str = ""
    attached_identity: str | None = None


class DispatchMetadata(Contract):
    """What a dispatched job is told: who it is and the task token it heartbeats with. Never content.

    The last three are what it cannot greet and serve without, should the durable side be away when it asks.
    """

    session_id: str
    room: str
    role: str
    epoch: int
    task_token: str
    """Base64 of the activity's task token."""
    composition: str = ""
    subject_id: str = ""
    caller_identity: str = ""

    @property
    def introduces(self) -> bool:
        """Whether it tells all that a first agent needs: an older sender does not."""
        return bool(self.composition and self.subject_id and self.caller_identity)


class AttachToken(Contract):
    """Server-sent to a living agent: heartbeat with this token from now on."""

    epoch: int
    task_token: str


class AttendResult(Contract):
    """The agent left by itself. `reason` is `caller_left`, `ended` or `superseded`."""

    identity: str
    reason: str


class ProbeRequest(Contract):
    room: str
    role: str
    epoch: int
    timeout: float


class ProbeResult(Contract):
    """`present`: the participant is in the room. `answered`: it answered the nonce in time."""

    present: bool
    answered: bool
    identity: str | None = None


class AgentLost(Contract):
    """A witness saw the agent's process end without goodbye."""

    epoch: int
    witness: str


class RoomRequest(Contract):
    room: str
    identity: str | None = None
