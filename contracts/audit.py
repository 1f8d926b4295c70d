"""The audit trail: who did what to what, and why. Everything that is decided or done in a call leaves one entry.

An entry holds ids, states, counts and digests, never content. What it was about (`exhibits`: the exact model input,
arguments, results) travels with it and is kept beside the chain, found by digest. An `entry_id` names the cause, so
that a cause that is told twice is one entry.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from contracts.audit_events import AuditEvent
from contracts.base import Content, Contract, Moment


class AuditLine(Contract):
    """`actor`: who (`role:voice`, `reviewer:ann`, `workflow`, `caller`); `target`: to what, an id or a tool's name."""

    entry_id: str
    session_id: str
    at: Moment
    actor: str
    target: str
    event: AuditEvent

    @property
    def action(self) -> str:
        return self.event.action

    @property
    def detail(self) -> dict[str, Any]:
        """The rest of the event, without what is not known."""
        return self.event.model_dump(mode="json", exclude={"v", "kind", "state"}, exclude_none=True)


class AuditRecord(AuditLine):
    """An entry on its way into the chain."""

    type: Literal["audit"] = "audit"
    exhibits: dict[str, Content] = Field(default_factory=dict)


class AuditStart(Contract):
    """Input of the workflow that takes what the agents of one session tell; after `idle_seconds` without it ends."""

    session_id: str
    idle_seconds: float = 60.0


class AuditEntry(AuditLine):
    """An entry as it stands in its session's chain. `exhibits` are digests (see `store/chain.py`)."""

    sequence: int
    prev: str
    hash: str
    exhibits: dict[str, str] = Field(default_factory=dict)
