"""Calls that the desk cannot attend in its usual way."""

from __future__ import annotations

from desk_composition import DESK

from contracts.composition import Limits, Role, RoleKind
from contracts.escalation import EscalationRules

CROWD_ROLES = ("voice", "transcription", "vision", "moderation")

CROWD = DESK.model_copy(
    update={
        "id": "crowd",
        "roles": (
            *(Role(name=name, kind=RoleKind.LIVE, instructions="attend") for name in CROWD_ROLES),
            *DESK.backstage_roles(),
        ),
        "limits": Limits(recent_turns=6),
    }
)
"""Four agents in one room."""

UNDERSTAFFED = DESK.model_copy(
    update={
        "id": "understaffed",
        "roles": tuple(
            role.model_copy(update={"fallback_pool": "spare"}) if role.name == "voice" else role for role in DESK.roles
        ),
        "attendance": DESK.attendance.model_copy(update={"max_attempts": 2, "return_seconds": 30.0}),
        "escalation": EscalationRules(reviewers=("support-leads",)),
    }
)
"""Its agents may come from another worker pool, and in the end a person is asked."""

COMPOSITIONS = {c.id: c for c in (CROWD, UNDERSTAFFED)}
