"""A ladder: what happens, and when, while something waits for a person who does not come."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from contracts.base import Contract

GROUP = "group:"
"""Before a group's name, wherever one person or one group may be named."""


class RungKind(StrEnum):
    REMIND = "remind"
    """Whoever may decide is told again."""
    PASS_ON = "pass_on"
    """Someone else may decide too, from then on."""
    FALLBACK = "fallback"
    """Nobody decided. Always the last rung, and its time is the deadline."""


class Fallback(StrEnum):
    """What it means that nobody decided."""

    DENY = "deny"
    SAFE_DEFAULT = "safe_default"
    """Another tool is called instead, one that needs no approval."""
    PERSON = "person"
    """A person is asked into the call."""
    GO_ON = "go_on"
    """What waited goes on without a decision."""


class Rung(Contract):
    """`after_seconds` counts from the opening; an extension puts off every rung that was not reached yet.

    `to` (of `pass_on`) is a reviewer's name, or `group:NAME`. `say` are words for the caller in place of the
    composition's own; empty: nothing is said. `tool` and `arguments` (of the fallback `safe_default`): the call that is
    made instead, and for each of its arguments the argument of the gated action to take.
    """

    after_seconds: float = Field(gt=0)
    kind: RungKind
    to: str | None = None
    say: str | None = None
    fallback: Fallback | None = None
    tool: str | None = None
    arguments: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> Rung:
        if (self.to is not None) != (self.kind is RungKind.PASS_ON):
            raise ValueError(f"'to' belongs to pass_on, and to nothing else: a reviewer's name, or {GROUP}NAME")
        if self.to is not None and not self.to.removeprefix(GROUP).strip():
            raise ValueError(f"'to' names nobody: give a reviewer's name, or {GROUP}NAME")
        if (self.fallback is not None) != (self.kind is RungKind.FALLBACK):
            raise ValueError(f"'fallback' belongs to kind fallback, and to nothing else: {', '.join(Fallback)}")
        if (self.tool is not None) != (self.fallback is Fallback.SAFE_DEFAULT) or (self.arguments and not self.tool):
            raise ValueError("'tool', and 'arguments', belong to the fallback safe_default: the call made instead")
        return self


def _climbable(rungs: tuple[Rung, ...]) -> tuple[Rung, ...]:
    """Times rise, and the one fallback ends it. An empty ladder is none."""
    for lower, upper in pairwise(rungs):
        if upper.after_seconds <= lower.after_seconds:
            raise ValueError(
                f"after_seconds must rise from rung to rung, but {upper.after_seconds:g} "
                f"comes after {lower.after_seconds:g}"
            )
        if lower.kind is RungKind.FALLBACK:
            raise ValueError("the fallback is the last rung: nothing can come after it")
    if rungs and rungs[-1].kind is not RungKind.FALLBACK:
        raise ValueError(
            "the last rung must say what it means that nobody decided: "
            "{after_seconds: 300, kind: fallback, fallback: deny}"
        )
    return rungs


Ladder = Annotated[tuple[Rung, ...], AfterValidator(_climbable)]
"""Rungs with rising times, the last of which is the one fallback; or empty."""


DEADLINE_SECONDS = 300.0


def deadline_of(validated: dict[str, Any]) -> float:
    """Default of a field `deadline_seconds` that stands after a field `ladder`: when that one ends."""
    ladder: Ladder = validated.get("ladder", ())
    return ladder[-1].after_seconds if ladder else DEADLINE_SECONDS


def check(ladder: Ladder, where: str, groups: Collection[str], allowed: Collection[Fallback]) -> None:
    """Raises ValueError, beginning with the key `where`, for a group nobody declared or a fallback that cannot be."""
    for rung in ladder:
        if rung.to is not None and rung.to.startswith(GROUP) and rung.to.removeprefix(GROUP) not in groups:
            raise ValueError(
                f"{where}: no group {rung.to.removeprefix(GROUP)!r}; declare it under the composition's 'groups' "
                f"(now: {', '.join(sorted(groups)) or 'none'})"
            )
        if rung.fallback is not None and rung.fallback not in allowed:
            raise ValueError(f"{where}: fallback {rung.fallback.value!r} cannot be here; allowed: {', '.join(allowed)}")
