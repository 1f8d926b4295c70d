"""What is owed to a caller who is gone: done all the same, said in the next call, and said once."""

from __future__ import annotations

import asyncio

import pytest
from system_backstage import Backstage, Reviewer
from system_call import hears_refunded
from system_ring import Ring
from system_services import BreakableShop
from system_switches import for_seconds

from contracts.delivery import DeliveryState
from contracts.names import new_id
from contracts.phrases import Phrases
from contracts.task import TaskStage
from workers.demo.caller_process import CallerProcess
from workers.demo.hearing import hears_phrase
from workers.demo.script import spelled
from workers.demo.shop import Order

pytestmark = pytest.mark.stack

SAYS_NOTHING = 6.0
"""How long a greeted caller listens for news that must not come again."""


async def test_what_a_caller_did_not_hear_to_the_end_is_said_in_the_next_call_and_never_again(
    ring: Ring, shop: BreakableShop, backstage: Backstage, reviewer: Reviewer
) -> None:
    async with asyncio.TaskGroup() as side_by_side:
        side_by_side.create_task(hung_up(ring, shop, backstage, reviewer))
        side_by_side.create_task(killed_in_mid_outcome(ring, shop, backstage, reviewer))


async def hung_up(ring: Ring, shop: BreakableShop, backstage: Backstage, reviewer: Reviewer) -> None:
    order, subject = await shop.fresh_order(), new_id("subject")
    call = await ring(subject)
    await call.want_refund(order)
    approval = await backstage.approval(call.session_id)
    await call.hang_up()
    await backstage.session_over(call.session_id)
    assert (await reviewer.decide(approval, "approve")).accepted
    task = await backstage.task(call.session_id, TaskStage.DONE, within=60)
    assert len(await shop.refunds(order.order_id)) == 1
    await backstage.outcome_is(task.task_id, DeliveryState.OWED)
    await hears_it_once(ring, backstage, subject, task.task_id, order)


async def killed_in_mid_outcome(ring: Ring, shop: BreakableShop, backstage: Backstage, reviewer: Reviewer) -> None:
    order, subject = await shop.fresh_order(), new_id("subject")
    caller, session_id = await ring.process(subject)
    await wants_refund(caller, order, ring.phrases())
    approval = await backstage.approval(session_id)
    waiting = ring.phrases().waiting_approval
    await caller.until(lambda e: hears_phrase(heard(caller, 0), waiting), since=0, within=40)
    mark = len(caller.events)
    assert (await reviewer.decide(approval, "approve")).accepted
    await caller.until(lambda e: e.event == "agent_speech_started", since=mark, within=40)
    caller.kill()
    task = await backstage.task(session_id, TaskStage.DONE)
    assert len(await shop.refunds(order.order_id)) == 1
    outcome = await backstage.outcome_is(
        task.task_id, DeliveryState.OWED, DeliveryState.OFFERED, DeliveryState.PLAYED, within=20
    )
    assert outcome.state is not DeliveryState.HEARD
    await hears_it_once(ring, backstage, subject, task.task_id, order)


async def hears_it_once(ring: Ring, backstage: Backstage, subject: str, task_id: str, order: Order) -> None:
    """In the next call with a welcome; in the one after that nothing is left to tell."""
    second = await ring(subject)
    # A caller who vanished counts as gone once LiveKit and the session have given up on the lost connection.
    text = await second.hear_refunded(order, within=90)
    assert hears_phrase(text, second.phrases.welcome_back.replace("{news}", "")), text
    await second.say("Thank you.")
    heard = await backstage.outcome_is(task_id, DeliveryState.HEARD)
    assert heard.heard_in == second.session_id
    await second.hang_up()
    third = await ring(subject)
    await for_seconds(SAYS_NOTHING)
    assert not hears_refunded(third.text(), order) and not hears_phrase(third.text(), "welcome back"), third.story()


async def wants_refund(caller: CallerProcess, order: Order, phrases: Phrases) -> None:
    confirm = phrases.confirm.replace("{goal}", "")
    await caller.until(lambda e: e.event == "heard", since=0, within=40)
    mark = len(caller.events)
    await caller.say(f"I want a refund for order {spelled(order.order_id)} because it arrived broken.")
    await caller.until(lambda e: hears_phrase(heard(caller, mark), confirm), since=mark, within=30)
    await caller.say("Yes, please.")


def heard(caller: CallerProcess, since: int) -> str:
    return " ".join(event.text for event in caller.events[since:] if event.event == "heard")
