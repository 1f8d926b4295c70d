"""The story in short: ask, delegate, decide, hear the outcome; and what is heard when the answer is no."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from system_backstage import Backstage, Reviewer
from system_ring import Ring
from system_services import BreakableShop
from system_stack import HURRIED

from contracts.approval import ApprovalStage
from contracts.delivery import DeliveryState
from contracts.summary import Summary
from contracts.task import TaskStage
from workers.demo.hearing import hears_any, hears_word
from workers.demo.script import spelled

pytestmark = pytest.mark.stack


async def test_a_refund_is_asked_for_approved_by_signal_and_heard(
    ring: Ring, shop: BreakableShop, backstage: Backstage, reviewer: Reviewer
) -> None:
    order = await shop.fresh_order()
    call = await ring()
    await call.ask(
        f"Hello. Where is my order number {spelled(order.order_id)}?",
        lambda text: hears_any(text, (order.item, order.status)),
        "item or status of the order",
    )
    await call.want_refund(order)
    await call.hear_phrase(call.phrases.waiting_approval, within=40)
    approval = await backstage.approval(call.session_id)
    assert await shop.refunds(order.order_id) == []
    mark = call.mark
    decision = {"reviewer": "ann", "verdict": "approve", "digest": approval.digest[:12]}
    await reviewer.signal(approval, decision)
    await call.hear_refunded(order, since=mark)
    await call.say("Thank you, goodbye.")
    await call.hang_up()

    refunds = await shop.refunds(order.order_id)
    assert [refund.amount for refund in refunds] == [Decimal(order.amount)]
    decided = await backstage.approval_is(approval.approval_id, ApprovalStage.APPROVED)
    assert decided.reviewer == "ann" and decided.decided_at is not None
    assert refunds[0].committed_at >= decided.decided_at
    task = await backstage.task(call.session_id, TaskStage.DONE)
    heard = await backstage.outcome_is(task.task_id, DeliveryState.HEARD)
    assert heard.heard_in == call.session_id
    over = await backstage.session_over(call.session_id)
    assert over.end_reason == "the caller hung up"
    written = await backstage.summary(call.session_id)
    summary = Summary.model_validate_json(written.body.body)
    assert summary.decisions and summary.promises
    assert not [item for item in summary.action_items if item.task_id == task.task_id], "it was done and told"
    assert backstage.epoch(call.session_id) == 1


async def test_the_answer_is_no_and_each_no_has_words_of_its_own(
    ring: Ring, shop: BreakableShop, backstage: Backstage, reviewer: Reviewer
) -> None:
    async with asyncio.TaskGroup() as side_by_side:
        side_by_side.create_task(rejected(ring, shop, backstage, reviewer))
        side_by_side.create_task(expired(ring, shop, backstage, reviewer))


async def rejected(ring: Ring, shop: BreakableShop, backstage: Backstage, reviewer: Reviewer) -> None:
    order = await shop.fresh_order()
    call = await ring()
    await call.want_refund(order)
    approval = await backstage.approval(call.session_id)
    mark = call.mark
    ruling = await reviewer.decide(approval, "reject", note="The photo shows no damage.")
    assert ruling.accepted, ruling
    text = await call.hear_phrase(f"{call.phrases.declined} The photo shows no damage.", since=mark)
    assert not hears_word(text, "nobody"), text
    await backstage.task(call.session_id, TaskStage.DECLINED)
    assert await shop.refunds(order.order_id) == []


async def expired(ring: Ring, shop: BreakableShop, backstage: Backstage, reviewer: Reviewer) -> None:
    """Nobody decides in time, and who decides later is refused on the record."""
    order = await shop.fresh_order()
    call = await ring(composition=HURRIED)
    mark = call.mark
    await call.want_refund(order)
    approval = await backstage.approval(call.session_id, stage=None)  # so short a deadline may be over by now
    text = await call.hear_phrase(call.phrases.expired, since=mark, within=40)
    assert not hears_word(text, "approved"), text
    await backstage.approval_is(approval.approval_id, ApprovalStage.EXPIRED)
    late = await reviewer.decide(approval, "approve")
    assert not late.accepted and "too late" in late.reason
    decisions = await backstage.decisions(approval.approval_id, 1)
    assert [(d.reviewer, d.accepted) for d in decisions] == [("ann", False)]
    await backstage.task(call.session_id, TaskStage.DECLINED)
    assert await shop.refunds(order.order_id) == []
