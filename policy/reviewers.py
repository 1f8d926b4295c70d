"""Whom a name means: one reviewer, or all of a group."""

from __future__ import annotations

from collections.abc import Iterable

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
