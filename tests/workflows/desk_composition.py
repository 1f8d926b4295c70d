"""A composition that names no real system: the doubles play its tools, models and rooms."""

from __future__ import annotations

from contracts.approval import Editable
from contracts.checkpoint import CheckpointAt, CheckpointRule
from contracts.composition import Attendance, Composition, Deliveries, Limits, Role, RoleKind, Webhook
from contracts.handoff import Budget
from contracts.ladder import Fallback, Rung, RungKind
from contracts.phrases import Phrases
from contracts.rules import ApprovalRule
from contracts.tools import Effect, ToolDeclaration

PHRASES = Phrases(
    greeting="Hello.",
    waiting_approval="A colleague is checking.",
    declined="It was not approved.",
    asked="A colleague asks: {question}",
    still_waiting="It still waits.",
    passed_on="Someone else looks.",
    safe_default="Something safe was done instead.",
    person_asked="A colleague is asked to join.",
    taken_over="A colleague does it.",
    expired="Nobody decided in time.",
    needs_person="A colleague will check what happened.",
    failed="That did not work.",
)

TOOLS = tuple(
    # What the doubles answer is a state; a test that wants free text scripts it.
    tool.model_copy(update={"record": {tool.name: ("ok",)}})
    for tool in (
        ToolDeclaration(name="lookup", server="shop", capability="orders.read"),
        ToolDeclaration(
            name="refund",
            server="shop",
            capability="billing.refund",
            effect=Effect.IRREVERSIBLE,
            idempotency="key",
            say="Refund order {order}",
        ),
        ToolDeclaration(
            name="book",
            server="shop",
            capability="slots.book",
            effect=Effect.REVERSIBLE,
            idempotency="key",
            compensation="unbook",
            compensation_arguments={"slot": "slot"},
            say="Book slot {slot}",
        ),
        ToolDeclaration(
            name="unbook", server="shop", capability="slots.release", effect=Effect.REVERSIBLE, idempotency="key"
        ),
        ToolDeclaration(
            name="mail",
            server="shop",
            capability="mail.send",
            effect=Effect.IRREVERSIBLE,
            lookup="find_mail",
            lookup_arguments=("order",),
            timeout_seconds=1.0,
        ),
        ToolDeclaration(name="find_mail", server="shop", capability="mail.send"),
    )
)

DESK = Composition(
    id="desk",
    title="A desk",
    phrases=PHRASES,
    roles=(
        Role(name="voice", kind=RoleKind.LIVE, instructions="speak", capabilities=("orders.read",)),
        Role(name="planner", kind=RoleKind.BACKSTAGE, instructions="plan"),
        Role(
            name="operator",
            kind=RoleKind.BACKSTAGE,
            instructions="do",
            capabilities=("orders.read", "billing.refund", "slots.book", "mail.send"),
            budget=Budget(model_calls=4, tool_calls=3),
        ),
        Role(name="clerk", kind=RoleKind.BACKSTAGE, instructions="look", capabilities=("orders.read",)),
        Role(name="summarizer", kind=RoleKind.BACKSTAGE, instructions="sum up"),
    ),
    tools=TOOLS,
    approvals=(
        ApprovalRule(
            id="refunds",
            tool="refund",
            reason="money leaves",
            reviewers=("support-leads",),
            deadline_seconds=60,
            grace_seconds=1.0,
            editable={"amount": Editable(at_most="original")},
        ),
        ApprovalRule(id="bookings", tool="book", gate=False, reason="can be cancelled"),
        ApprovalRule(id="releases", tool="unbook", gate=False, reason="gives back what was booked"),
        ApprovalRule(id="mails", tool="mail", gate=False, reason="binds nobody", harmless=True),
    ),
    attendance=Attendance(heartbeat_timeout=2.0, probe_timeout=0.2, join_timeout=1.0, return_seconds=0.5),
    limits=Limits(max_steps=4),
    events={"paid": "the money has come"},
)

HASTY = DESK.model_copy(
    update={
        "id": "hasty",
        "approvals": tuple(
            rule.model_copy(update={"deadline_seconds": 0.7, "grace_seconds": 2.0}) for rule in DESK.approvals
        ),
    }
)
"""The same with a deadline that a test can wait for."""

PATIENT = HASTY.model_copy(
    update={
        "id": "patient",
        "approvals": tuple(
            rule.model_copy(update={"deadline_seconds": 2.0, "max_extension_seconds": 3.0}) for rule in DESK.approvals
        ),
    }
)
"""Its deadline may be put off."""

TALKATIVE = DESK.model_copy(
    update={
        "id": "talkative",
        "limits": Limits(recent_turns=6),
        "attendance": DESK.attendance.model_copy(update={"arrival_seconds": 1.5}),
    }
)
"""Sums up after a few turns, and does not wait long for a caller."""

BRISK = DESK.model_copy(
    update={
        "id": "brisk",
        "limits": Limits(max_steps=4, task_seconds=2.5, parallel_steps=1, corrections=1, failure_replans=1),
    }
)
"""Little time, one step at a time, and a second try."""

HOOKED = DESK.model_copy(
    update={
        "id": "hooked",
        "deliveries": Deliveries(
            expire_seconds=600, webhook=Webhook(url="http://127.0.0.1:9/hook", secret_env="SECRET", after_seconds=0.3)
        ),
    }
)
"""What its callers do not hear goes to a webhook."""


def _looked_at(
    at: CheckpointAt, role: str | None = None, *, seconds: float = 60.0, fallback: Fallback = Fallback.DENY
) -> Composition:
    """A person of the support leads looks at what the desk does."""
    last = Rung(after_seconds=seconds, kind=RungKind.FALLBACK, fallback=fallback)
    rule = CheckpointRule(
        id="look", at=at, role=role, why="money", reviewers=("support-leads",), grace_seconds=0.5, ladder=(last,)
    )
    return DESK.model_copy(update={"id": f"looked-at-{at.value.replace('_', '-')}", "checkpoints": (rule,)})


PLANS = _looked_at(CheckpointAt.PLAN)
STEPS = _looked_at(CheckpointAt.BEFORE_STEP, "clerk")
IN_VAIN = _looked_at(CheckpointAt.BEFORE_STEP, "clerk", seconds=0.5).model_copy(update={"id": "looked-at-in-vain"})
OUTCOMES = _looked_at(CheckpointAt.AFTER_STEP, "operator")
UNSEEN = _looked_at(CheckpointAt.AFTER_STEP, "operator", seconds=0.5, fallback=Fallback.GO_ON).model_copy(
    update={"id": "looked-at-unseen"}
)

COMPOSITIONS = {
    c.id: c for c in (DESK, HASTY, PATIENT, TALKATIVE, BRISK, HOOKED, PLANS, STEPS, OUTCOMES, UNSEEN, IN_VAIN)
}
