"""What speaks against a decision, whatever waits for it, in words; None is nothing against it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from contracts.records import ReviewerRecord
from contracts.review import CLAIM, EXPIRED, RELEASE, WITHDRAWN
from policy.arrival import Arrived
from policy.reviewers import able, away_until


class Waiting(Protocol):
    """An approval, or a review. `reviewer`: who ended it."""

    @property
    def stage(self) -> str: ...
    @property
    def open(self) -> bool: ...
    @property
    def deadline(self) -> datetime: ...
    @property
    def reviewer(self) -> str | None: ...
    @property
    def claimed_by(self) -> str | None: ...


def of_time(waiting: Waiting, now: datetime) -> str | None:
    """Against anything that comes now."""
    if waiting.stage == EXPIRED or (waiting.open and now >= waiting.deadline):
        return "too late: the deadline has passed"
    if waiting.stage == WITHDRAWN:
        return "withdrawn: what it was needed for is not done any more"
    if not waiting.open:
        return f"already {waiting.stage.replace('_', ' ')} by {waiting.reviewer}"
    return None


def of_person(name: str, reviewer: ReviewerRecord | None, now: datetime, capability: str | None = None) -> str | None:
    """Against anything that this person could say now, about what takes that capability if it takes one."""
    if reviewer is None or not reviewer.active:
        return f"{name} is not a reviewer; see 'greenroom reviewers ls'"
    if capability is not None and not able(capability, reviewer):
        return f"{name} may not decide about {capability}"
    if (until := away_until(reviewer, now)) is not None:
        return f"{name} is away until {until:%Y-%m-%d %H:%M} UTC; see 'greenroom reviewers back'"
    return None


def of_claim(waiting: Waiting, arrived: Arrived) -> str | None:
    """Against a claim or a release by someone who may decide."""
    if arrived.verdict == CLAIM and waiting.claimed_by is not None:
        return f"claimed by {waiting.claimed_by} already; whoever may decide still may"
    if arrived.verdict == RELEASE and waiting.claimed_by != arrived.reviewer:
        return f"claimed by {waiting.claimed_by or 'nobody'}, and only who claimed it can release it"
    return None
