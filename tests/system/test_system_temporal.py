"""Temporal goes away in mid-call: told honestly, done once it is back; and nobody in the room is replaced."""

from __future__ import annotations

import asyncio

import pytest
from system_backstage import Backstage, Reviewer
from system_call import Call
from system_ring import Ring
from system_services import BreakableShop
from system_switches import Switches, for_seconds

from contracts.delivery import DeliveryState
from contracts.task import TaskStage
from workers.caller.events import AgentJoined, AgentLeft
from workers.demo.hearing import hears_any, hears_phrase
from workers.demo.script import spelled
from workers.demo.shop import Order

pytestmark = pytest.mark.stack


async def test_what_is_delegated_while_temporal_is_down_is_told_and_done_once_later(
    ring: Ring, shop: BreakableShop, backstage: Backstage, reviewer: Reviewer, switches: Switches
) -> None:
    order = await shop.fresh_order()
    call = await ring()
    confirm = call.phrases.confirm.replace("{goal}", "")
    wish = f"I want a refund for order {spelled(order.order_id)} because it arrived broken."
    await call.ask(wish, lambda text: hears_phrase(text, confirm), "the read-back")
    async with switches.down("temporal"):
        await call.say("Yes, please.")
        await call.hear_phrase(call.phrases.backstage_away)
        await call.ask(
            "What are your opening hours on Saturdays?",
            lambda text: hears_any(text, ("ten to four", "10 to 4", "from ten", "from 10")),
            "an answer while Temporal is down",
        )
        assert backstage.records.tasks(session_id=call.session_id) == []
    approval = await backstage.approval(call.session_id, within=60)
    mark = call.mark
    assert (await reviewer.decide(approval, "approve")).accepted
    await call.hear_refunded(order, since=mark)
    await call.say("Thank you.")
    task = await backstage.task(call.session_id, TaskStage.DONE)
    await backstage.outcome_is(task.task_id, DeliveryState.HEARD)
    assert len(backstage.records.tasks(session_id=call.session_id)) == 1
    assert len(await shop.refunds(order.order_id)) == 1
    assert backstage.epoch(call.session_id) == 1


async def test_five_seconds_without_temporal_replace_no_agent(
    ring: Ring, shop: BreakableShop, backstage: Backstage, switches: Switches
) -> None:
    orders = (await shop.delivered())[-3:]
    calls = [await ring() for _ in orders]
    async with switches.down("temporal"):
        await for_seconds(5)
    await asyncio.gather(*(goes_on(call, order) for call, order in zip(calls, orders, strict=True)))
    # Late suspicions would show by now: an agent re-attaches within a probe of its missed heartbeat.
    await for_seconds(5)
    for call in calls:
        assert sum(isinstance(event, AgentJoined) for event in call.events) == 1, call.story()
        assert not any(isinstance(event, AgentLeft) for event in call.events), call.story()
        assert backstage.epoch(call.session_id) == 1, [
            (e.action, e.detail) for e in backstage.records.audit(call.session_id)
        ]


async def goes_on(call: Call, order: Order) -> None:
    await call.ask(
        f"Where is my order number {spelled(order.order_id)}?",
        lambda text: hears_any(text, (order.item, order.status)),
        "an answer after the outage",
    )
