"""A grant: a reviewer's yes to further calls of the same kind, within bounds and until a time."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import Field

from contracts.base import Contract


class GrantScope(StrEnum):
    SESSION = "session"
    """Only in the call in which it was given."""
    SUBJECT = "subject"
    """In every call of the same person."""


class Bound(Contract):
    """What an argument may be otherwise: a number up to `at_most`; or anything at all, where none is given."""

    at_most: float | None = None


class GrantTerms(Contract):
    """Every argument must be as in `arguments`, except for those that may `vary`, each within its bound."""

    arguments: dict[str, Any]
    vary: dict[str, Bound] = Field(default_factory=dict)


class GrantQuery(Contract):
    """What a gate asks before it opens an approval."""

    composition: str
    tool: str
    subject_id: str
