"""The desk with other rules for its refunds: how a gated action waits, and what comes of it."""

from __future__ import annotations

from desk_composition import DESK

from contracts.composition import Composition
from contracts.ladder import Fallback, Rung, RungKind
from contracts.rules import ApprovalRule

PAIR = DESK.model_copy(
    update={
        "id": "pair",
        "approvals": tuple(rule.model_copy(update={"approvers": 2}) for rule in DESK.approvals),
        "tools": tuple(
            tool.model_copy(update={"say": "Refund {amount} for order {order}"}) if tool.name == "refund" else tool
            for tool in DESK.tools
        ),
    }
)
"""Two different people must approve."""


def _climbing(name: str, *ladder: Rung, reviewers: tuple[str, ...] = ("support-leads",)) -> Composition:
    """DESK with that ladder for its refunds."""
    changes: dict[str, object] = {"ladder": ladder, "reviewers": reviewers}
    changes |= {"deadline_seconds": ladder[-1].after_seconds}
    refunds, *others = DESK.approvals
    approvals = (refunds.model_copy(update=changes), *others)
    made = DESK.model_copy(
        update={"id": name, "approvals": approvals, "groups": ("managers", "night-shift", "support-leads")}
    )
    return Composition.model_validate(made.model_dump())


CLIMBING = _climbing(
    "climbing",
    Rung(after_seconds=0.5, kind=RungKind.REMIND),
    Rung(after_seconds=1.5, kind=RungKind.PASS_ON, to="group:support-leads"),
    Rung(after_seconds=60, kind=RungKind.FALLBACK, fallback=Fallback.DENY),
    reviewers=("managers",),
)
"""The manager does not come: it is passed on."""

ABSENT = _climbing(
    "absent",
    Rung(after_seconds=30, kind=RungKind.REMIND),
    Rung(after_seconds=50, kind=RungKind.PASS_ON, to="group:support-leads"),
    Rung(after_seconds=60, kind=RungKind.FALLBACK, fallback=Fallback.DENY),
    reviewers=("night-shift",),
)
"""Nobody is of the night shift."""

SAFE = _climbing(
    "safe",
    Rung(
        after_seconds=0.5,
        kind=RungKind.FALLBACK,
        fallback=Fallback.SAFE_DEFAULT,
        tool="book",
        arguments={"slot": "order"},
    ),
)
"""When nobody decides, something else is done."""

ASKING_IN = _climbing("asking-in", Rung(after_seconds=0.5, kind=RungKind.FALLBACK, fallback=Fallback.PERSON))
"""When nobody decides, a person is asked into the call."""

GRANTING = DESK.model_copy(
    update={
        "id": "granting",
        "approvals": tuple(rule.model_copy(update={"grant_seconds": 3600.0}) for rule in DESK.approvals),
    }
)
"""A reviewer may let further refunds go unasked, for an hour."""

SMALL_REFUNDS = DESK.model_copy(
    update={
        "id": "small-refunds",
        "tools": tuple(
            {
                "lookup": tool.model_copy(update={"record": {"order": "id", "amount": "amount"}}),
                "refund": tool.model_copy(update={"amount_argument": "amount"}),
            }.get(tool.name, tool)
            for tool in DESK.tools
        ),
        "approvals": (
            ApprovalRule(
                id="small",
                tool="refund",
                when="amount <= 20.0 && 'order' in in_records && spent.day + amount <= 30.0",
                gate=False,
                reason="little money, of an order that was looked up",
            ),
            *DESK.approvals,
        ),
    }
)
"""A small refund of an order that was looked up goes unasked, up to a sum a day."""

COMPOSITIONS = {c.id: c for c in (PAIR, CLIMBING, ABSENT, SAFE, ASKING_IN, GRANTING, SMALL_REFUNDS)}
