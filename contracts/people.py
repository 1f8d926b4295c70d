"""The people who use the console, and what each may do there."""

from __future__ import annotations

from enum import StrEnum

from contracts.base import Contract


class PersonRole(StrEnum):
    CALLER = "caller"
    """Whoever is in a call, for that call alone. Nobody's account has it."""
    REVIEWER = "reviewer"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Person(Contract):
    """An account. `reviewer` names who they are as a reviewer: decisions carry that name.

    `generation` rises with every change of password or rights, and ends every session signed in before.
    """

    name: str
    display_name: str
    roles: tuple[PersonRole, ...]
    reviewer: str | None = None
    active: bool = True
    generation: int = 1
