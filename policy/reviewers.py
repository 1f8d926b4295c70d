"""Whom a name means, what a reviewer may decide about, and when they are away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from contracts.ladder import GROUP
from contracts.records import ReviewerRecord


def named(to: str, reviewer: ReviewerRecord) -> bool:
    """Whether `to` (a reviewer's name, or `group:NAME`) means that person."""
    return to.removeprefix(GROUP) in reviewer.groups if to.startswith(GROUP) else to == reviewer.name


def among(to: Iterable[str], reviewer: ReviewerRecord) -> bool:
    """Whether any of those names means that person."""
    return any(named(name, reviewer) for name in to)


def able(capability: str, reviewer: ReviewerRecord) -> bool:
    """Whether that person may decide about what takes this capability."""
    return reviewer.active and (not reviewer.capabilities or capability in reviewer.capabilities)


def authority(capability: str, reviewer: ReviewerRecord) -> Decimal | None:
    """The largest amount that person may decide about for this capability; None is any, and no amount at all."""
    most = reviewer.up_to.get(capability, reviewer.up_to.get("*"))
    return None if most is None else Decimal(str(most))


def within(capability: str, reviewer: ReviewerRecord, amount: Decimal | None) -> bool:
    """Whether an action of that amount is within the person's authority. One of unknown amount is within no bound."""
    most = authority(capability, reviewer)
    return most is None or (amount is not None and amount <= most)


def away_until(reviewer: ReviewerRecord, now: datetime) -> datetime | None:
    """Until when that person decides nothing; None is present."""
    return max((a.until for a in reviewer.absences if a.since <= now < a.until), default=None)


def eligible(capability: str, reviewer: ReviewerRecord, amount: Decimal | None, now: datetime) -> bool:
    """Whether that person could decide now about such an action, be it passed on to them."""
    able_to = able(capability, reviewer) and within(capability, reviewer, amount)
    return able_to and away_until(reviewer, now) is None
