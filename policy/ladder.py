"""Climbing a ladder: which rungs are due, who may decide now, when to look again, what the caller is told.

Pure: whoever waits keeps a `Climb`, asks `wake_at` when to look again, takes what is `due` and goes on with `climbed`.
Nothing is skipped: who looks late takes several rungs at once, in order, each once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from contracts.base import Contract, Moment
from contracts.ladder import GROUP, Fallback, Ladder, Rung, RungKind
from contracts.phrases import Phrases
from contracts.records import ReviewerRecord
from contracts.rules import ApprovalRule
from policy.reviewers import among


class Climb(Contract):
    """How far a ladder was climbed: `reached` rungs were taken. `extended_seconds`: all extensions together."""

    opened_at: Moment
    reached: int = Field(default=0, ge=0)
    extended_seconds: float = Field(default=0.0, ge=0)


def of(rule: ApprovalRule) -> Ladder:
    """The rule's ladder, or that of its mere deadline."""
    return rule.ladder or plain(rule.deadline_seconds)


def plain(deadline_seconds: float) -> Ladder:
    """A mere deadline with a refusal, as a ladder of one rung."""
    return (Rung(after_seconds=deadline_seconds, kind=RungKind.FALLBACK, fallback=Fallback.DENY),)


def moment(rung: Rung, climb: Climb) -> datetime:
    """When a rung that was not reached yet is due."""
    return climb.opened_at + timedelta(seconds=rung.after_seconds + climb.extended_seconds)


def deadline(ladder: Ladder, climb: Climb) -> datetime:
    """When the fallback is due: from that moment on a decision is too late."""
    return moment(ladder[-1], climb)


def wake_at(ladder: Ladder, climb: Climb) -> datetime | None:
    """When to look again; None once the last rung was taken."""
    return moment(ladder[climb.reached], climb) if climb.reached < len(ladder) else None


def due(ladder: Ladder, climb: Climb, now: datetime) -> tuple[Rung, ...]:
    """The rungs to be taken now, in order."""
    return tuple(rung for rung in ladder[climb.reached :] if moment(rung, climb) <= now)


def climbed(ladder: Ladder, climb: Climb, now: datetime) -> Climb:
    """How far it is once everything due was taken."""
    return climb.model_copy(update={"reached": climb.reached + len(due(ladder, climb, now))})


def extended(climb: Climb, seconds: float) -> Climb:
    """The same with every rung that was not reached yet put off by so much. Raises ValueError for less than nothing."""
    if seconds < 0:
        raise ValueError("an extension cannot bring a deadline nearer")
    return climb.model_copy(update={"extended_seconds": climb.extended_seconds + seconds})


def passed_on(ladder: Ladder, climb: Climb) -> tuple[str, ...]:
    """Who may decide beside those who might from the beginning: names, and `group:NAME`."""
    return tuple(rung.to for rung in ladder[: climb.reached] if rung.to is not None)


def deciders(ladder: Ladder, climb: Climb, groups: Iterable[str]) -> tuple[str, ...]:
    """Who may decide now: names, and `group:NAME`. Those of `groups` might from the beginning; nobody means everybody.

    Being passed on takes the decision from nobody: who comes back late may still decide.
    """
    first = tuple(f"{GROUP}{group}" for group in groups)
    return tuple(dict.fromkeys((*first, *passed_on(ladder, climb)))) if first else ()


def may_decide(ladder: Ladder, climb: Climb, groups: Iterable[str], reviewer: ReviewerRecord) -> bool:
    """Whether that person is among the deciders now. Whether they are active, and able to, is asked elsewhere."""
    named = deciders(ladder, climb, groups)
    return not named or among(named, reviewer)


def fallback(ladder: Ladder) -> Fallback:
    """What it means that nobody decided."""
    return (ladder[-1].fallback if ladder else None) or Fallback.DENY


def words(rung: Rung, phrases: Phrases) -> str | None:
    """What the caller is told when that rung is taken; None is nothing."""
    if rung.say is not None:
        return rung.say or None
    if rung.kind is RungKind.REMIND:
        return phrases.still_waiting
    if rung.kind is RungKind.PASS_ON:
        return phrases.passed_on
    return {
        Fallback.DENY: phrases.expired,
        Fallback.SAFE_DEFAULT: phrases.safe_default,
        Fallback.PERSON: phrases.person_asked,
        Fallback.GO_ON: phrases.goes_on,
    }[rung.fallback or Fallback.DENY]


def with_words(ladder: Ladder, phrases: Phrases) -> Ladder:
    """The same with each rung's words for the caller in `say`, so that whoever climbs it needs no phrases."""
    return tuple(rung.model_copy(update={"say": words(rung, phrases) or ""}) for rung in ladder)


def safe_call(ladder: Ladder, arguments: str) -> tuple[str, dict[str, Any]] | None:
    """Tool and arguments of the call that is made instead of the gated one, whose JSON arguments are given.

    None when the ladder names none, or the gated call lacks an argument that it needs: then nothing is done.
    """
    last = ladder[-1]
    if last.tool is None:
        return None
    try:
        known = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    if not isinstance(known, dict) or any(known.get(name) is None for name in last.arguments.values()):
        return None
    return last.tool, {argument: known[name] for argument, name in last.arguments.items()}


def in_words(ladder: Ladder, climb: Climb) -> str:
    """The rungs still ahead, for people: one Markdown line each."""
    return "\n".join(f"- {moment(rung, climb):%H:%M:%S} UTC: {_what(rung)}" for rung in ladder[climb.reached :])


def _what(rung: Rung) -> str:
    if rung.kind is RungKind.REMIND:
        return "a reminder"
    if rung.kind is RungKind.PASS_ON:
        return f"`{rung.to}` may decide too"
    instead = f", `{rung.tool}`" if rung.tool else ""
    return f"nobody decided: {(rung.fallback or Fallback.DENY).value.replace('_', ' ')}{instead}"
