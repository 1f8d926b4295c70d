"""The durable workers die while a refund waits for its approval, and while the shop is at work on it."""

from __future__ import annotations

import asyncio

import pytest
from system_backstage import Backstage, Reviewer
from system_call import Call
from system_ring import Ring
from system_services import BreakableShop
from system_switches import Switches

from contracts.records import ApprovalRecord
from workers.demo.shop import Order

pytestmark = pytest.mark.stack


async def test_a_refund_is_made_once_however_its_workers_die(
    ring: Ring, shop: BreakableShop, backstage: Backstage, reviewer: Reviewer, switches: Switches
) -> None:
    orders = [await shop.fresh_order() for _ in range(2)]
    calls = [await ring() for _ in orders]
    both = list(zip(calls, orders, strict=True))
    approvals = await asyncio.gather(*(waits(call, order, backstage) for call, order in both))
    await switches.kill("durable")
    await shop.break_next("refund_order", "delay_before_commit", seconds=4)
    await shop.break_next("refund_order", "delay_after_commit", seconds=4)
    rulings = await asyncio.gather(*(reviewer.decide(approval, "approve") for approval in approvals))
    assert all(ruling.accepted for ruling in rulings), rulings
    await shop.until_open("refund_order", 2, within=30)
    await switches.kill("durable-slow")
    # Nobody tells Temporal of the death: a tool call is tried again when its time is over.
    await asyncio.gather(*(call.hear_refunded(o, within=90) for call, o in both))
    for order in orders:
        assert len(await shop.refunds(order.order_id)) == 1
    requests = await shop.requests("refund_order")
    keys = [request["key"] for request in requests if str(request["key"]).startswith(tuple(_tasks(backstage, calls)))]
    assert len(keys) == 4 and len(set(keys)) == 2, keys


def _tasks(backstage: Backstage, calls: list[Call]) -> list[str]:
    return [task.task_id for call in calls for task in backstage.records.tasks(session_id=call.session_id)]


async def waits(call: Call, order: Order, backstage: Backstage) -> ApprovalRecord:
    await call.want_refund(order)
    return await backstage.approval(call.session_id)
