"""A missed heartbeat is a suspicion, not a death: who is replaced, who is handed a new token."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from contracts.attendance import ProbeResult


class Remedy(StrEnum):
    REATTACH = "reattach"
    """It lives: hand it a new token. An outage of Temporal replaces nobody."""
    REPLACE = "replace"


def remedy(*, death_witnessed: bool, probe: ProbeResult | None) -> Remedy:
    """What to do about an agent whose heartbeat stopped, or whose process was seen to end.

    A witnessed death needs no second opinion. Otherwise only an answer from the room saves it: one that is present but
    mute leaves the caller in silence.
    """
    if not death_witnessed and probe is not None and probe.present and probe.answered:
        return Remedy.REATTACH
    return Remedy.REPLACE


def pool(pools: Sequence[str], failures: int, max_attempts: int) -> str | None:
    """Which pool the next agent comes from after that many failed joins in a row; None when all have failed."""
    turn = failures // max_attempts
    return pools[turn] if turn < len(pools) else None


def backoff(failures: int, *, first: float = 0.2, most: float = 5.0) -> float:
    """Seconds before the next dispatch after that many failed joins in a row."""
    return 0.0 if failures == 0 else float(min(most, first * 2 ** (failures - 1)))
