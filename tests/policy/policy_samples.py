"""Small valid contracts for the tests of pure decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contracts.approval import ApprovalRequest
from contracts.base import Content
from contracts.checkpoint import CheckpointRequest, CheckpointRule
from contracts.composition import Composition, Limits, Role, RoleKind
from contracts.context import ContextItem, ContextKind, Trust
from contracts.delivery import Delivery
from contracts.phrases import Phrases
from contracts.records import ReviewerRecord
from contracts.rules import ApprovalRule
from contracts.tools import Effect, ToolDeclaration
from policy.authority import action_digest
from tools.compositions import load_composition

T0 = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
DIGEST = action_digest("refund", {"order": "7"})
REVIEWERS = {
    "ann": ReviewerRecord(name="ann", display_name="Ann", groups=("leads",)),
    "ben": ReviewerRecord(name="ben", display_name="Ben", groups=("interns",)),
    "cid": ReviewerRecord(name="cid", display_name="Cid", groups=("leads",), capabilities=("mail.send",)),
    "dot": ReviewerRecord(name="dot", display_name="Dot", groups=("leads",), active=False),
}


def support() -> Composition:
    """The shop's support, as it is shipped."""
    return load_composition(Path(__file__).resolve().parents[2] / "compositions" / "support.yml")


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def words(body: str = "words") -> Content:
    return Content(subject_id="subject-1", body=body)


def known(source: str, trust: Trust, text: str) -> ContextItem:
    return ContextItem(
        item_id=source, kind=ContextKind.FACT, source=source, text=words(text), observed_at=T0, trust=trust
    )


def approval_request(deadline: float = 60.0) -> ApprovalRequest:
    return ApprovalRequest(
        approval_id="task-1.s1.1",
        task_id="task-1",
        step_id="s1",
        session_id="session-1",
        subject_id="subject-1",
        composition="desk",
        tool="refund",
        capability="billing.refund",
        arguments=words('{"order":"7"}'),
        action=words("Refund order 7"),
        digest=DIGEST,
        rule_id="refunds",
        why="money leaves",
        context_pack=words("The caller wants a refund"),
        reviewers=("leads",),
        deadline_seconds=deadline,
        grace_seconds=60.0,
        reply_to="task/task-1/step/s1",
    )


def checkpoint_request(rule: CheckpointRule, **more: Any) -> CheckpointRequest:
    return CheckpointRequest(
        checkpoint_id="task-1.c1",
        task_id="task-1",
        session_id="session-1",
        subject_id="subject-1",
        composition="desk",
        goal=words("refund"),
        plan=words("1. refund"),
        digest="0123456789abcdef",
        rule=rule,
        reply_to="task/task-1",
        **more,
    )


def delivery(number: int, *, session: str = "A", topic: str = "task-1", ephemeral: bool = False) -> Delivery:
    return Delivery(
        delivery_id=f"d{number}",
        subject_id="subject-1",
        session_id=session,
        task_id=topic,
        topic=topic,
        speech=words(f"news {number}"),
        created_at=T0,
        ephemeral=ephemeral,
    )


LOOKUP = ToolDeclaration(name="lookup", server="shop", capability="orders.read")
REFUND = ToolDeclaration(
    name="refund",
    server="shop",
    capability="billing.refund",
    effect=Effect.IRREVERSIBLE,
    idempotency="key",
    say="Refund order {order}",
)
MAIL = ToolDeclaration(name="mail", server="shop", capability="mail.send", effect=Effect.IRREVERSIBLE)
BOOK = ToolDeclaration(name="book", server="shop", capability="slots.book", effect=Effect.REVERSIBLE, idempotency="key")


def composition(max_steps: int = 8) -> Composition:
    return Composition(
        id="desk",
        title="A desk",
        phrases=Phrases(greeting="Hello."),
        roles=(
            Role(name="voice", kind=RoleKind.LIVE, instructions="speak", capabilities=("orders.read", "slots.book")),
            Role(name="planner", kind=RoleKind.BACKSTAGE, instructions="plan"),
            Role(
                name="operator",
                kind=RoleKind.BACKSTAGE,
                instructions="do",
                capabilities=("orders.read", "billing.refund", "mail.send"),
            ),
            Role(name="clerk", kind=RoleKind.BACKSTAGE, instructions="look", capabilities=("orders.read",)),
        ),
        tools=(LOOKUP, REFUND, MAIL, BOOK),
        approvals=(
            ApprovalRule(id="refunds", tool="refund", reason="money leaves"),
            ApprovalRule(id="mails-are-free", tool="mail", gate=False, reason="binds nobody"),
            ApprovalRule(id="mails-again", tool="mail", reason="a later rule never decides"),
        ),
        limits=Limits(max_steps=max_steps),
    )
