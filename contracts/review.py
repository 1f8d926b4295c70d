"""A review: something waits for a named person, with a ladder, until one decision counts. Two subjects have one:
an escalation (`contracts/escalation.py`) and a checkpoint (`contracts/checkpoint.py`)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from contracts.approval import DecisionReceipt
from contracts.base import Content, Contract, Moment
from contracts.ladder import Fallback, Ladder, Rung, RungKind

OPEN = "open"
EXPIRED = "expired"
WITHDRAWN = "withdrawn"
"""What it was needed for is not done any more."""

CLAIM = "claim"
"""Shown to the others; it binds nobody."""
RELEASE = "release"

GO_ON: Ladder = (Rung(after_seconds=120.0, kind=RungKind.FALLBACK, fallback=Fallback.GO_ON),)


class ReviewRules(Contract):
    """`reviewers` are groups that may decide; none means every reviewer. Late decisions are recorded for
    `grace_seconds` after the end."""

    reviewers: tuple[str, ...] = ()
    ladder: Annotated[Ladder, Field(min_length=1)] = GO_ON
    grace_seconds: float = Field(default=600.0, ge=0)


class ReviewView(Contract):
    """How a review stands. `deciders` may decide now: `group:NAME` or names; none means every reviewer.

    `note` are the reviewer's words.
    """

    stage: str
    opened_at: Moment
    deadline: Moment
    deciders: tuple[str, ...]
    decided_at: Moment | None = None
    reviewer: str | None = None
    note: Content | None = None
    claimed_by: str | None = None
    receipts: tuple[DecisionReceipt, ...] = ()
