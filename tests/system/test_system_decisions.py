"""Decisions that must not count: empty, by nobody known, about something else, twice. Refused where all can see it."""

from __future__ import annotations

import pytest
from system_backstage import Backstage, Reviewer
from system_ring import Ring
from system_services import BreakableShop
from temporalio.client import Client, WorkflowExecutionStatus

from contracts.approval import ApprovalStage
from contracts.names import approval_workflow_id

pytestmark = pytest.mark.stack


async def test_only_a_known_reviewers_first_decision_about_this_action_counts(
    ring: Ring, shop: BreakableShop, backstage: Backstage, reviewer: Reviewer, temporal: Client
) -> None:
    order = await shop.fresh_order()
    call = await ring()
    await call.want_refund(order)
    approval = await backstage.approval(call.session_id)
    await reviewer.signal(approval)
    await reviewer.signal(approval, "approve")
    await reviewer.signal(approval, {"reviewer": "ann", "verdict": "maybe", "digest": approval.digest})
    await backstage.decisions(approval.approval_id, 3)
    unknown = await reviewer.decide(approval, "approve", reviewer="mallory")
    other_action = await reviewer.decide(approval, "approve", digest="0" * 12)
    assert not unknown.accepted and "not a reviewer" in unknown.reason
    assert not other_action.accepted and "another action" in other_action.reason
    assert await shop.refunds(order.order_id) == []
    assert (await backstage.approval_is(approval.approval_id, ApprovalStage.PENDING)).reviewer is None

    mark = call.mark
    first = await reviewer.decide(approval, "approve", reviewer="ben")
    second = await reviewer.decide(approval, "reject", reviewer="ann")
    assert first.accepted
    assert not second.accepted and "already approved by ben" in second.reason
    await call.hear_refunded(order, since=mark)
    assert len(await shop.refunds(order.order_id)) == 1
    decisions = await backstage.decisions(approval.approval_id, 7)
    assert [(d.reviewer, d.accepted) for d in decisions] == [
        ("", False),
        ("", False),
        ("ann", False),
        ("mallory", False),
        ("ann", False),
        ("ben", True),
        ("ann", False),
    ]
    assert all(decision.reason for decision in decisions)
    audited = [entry.action for entry in backstage.records.audit(call.session_id)]
    assert audited.count("decision.counted") == 1 and audited.count("decision.refused") == 6
    described = await temporal.get_workflow_handle(approval_workflow_id(approval.approval_id)).describe()
    assert described.status is WorkflowExecutionStatus.RUNNING  # no signal broke it: late ones are still judged
