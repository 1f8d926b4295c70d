"""The main story: an order, a refund behind a colleague's yes, an agent killed in mid-sentence, a summary."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from contracts.approval import ApprovalStage
from contracts.records import ApprovalRecord, TaskRecord
from workers.commands.session_view import summary_of
from workers.demo import backstage, script
from workers.demo.conversation import Conversation, Exchange
from workers.demo.death import agent_dies
from workers.demo.hearing import (
    hears_amount,
    hears_any,
    hears_digits,
    hears_phrase,
    hears_rather,
    hears_words,
    numbers_in,
)
from workers.demo.scene import Scene
from workers.demo.script import Drawn
from workers.demo.shop import Order, Refund

Decide = Callable[[Scene, ApprovalRecord], Awaitable[None]]
"""Has a person decide; returns when the decision was sent."""
Trouble = Callable[[Scene, str], Awaitable[None]]
"""Told of two moments, "step" and "approval"; may do harm."""


async def play(scene: Scene, drawn: Drawn, decide: Decide, trouble: Trouble) -> str:
    """The whole call; its session id. Raises CallerDied."""
    async with await scene.ring(scene.composition.id, "demo-caller") as call:
        await greet_and_ask(scene, call, drawn.main)
        task = await _refund(scene, call, drawn.main, decide, trouble)
        await call.ask(script.THANKS, bool, within=12, times=1)
        await call.ask(script.tell_fact(drawn.fact), bool, within=12, times=1)
        if await agent_dies(scene, call):
            recalled = await call.ask(script.RECALL, lambda text: hears_words(text, drawn.fact))
            scene.checks.add(f"the new agent knew {drawn.fact!r} from before", recalled.fulfilled, told(recalled))
        await call.ask(script.PLAN, bool, within=8, times=1)
        await call.ask(script.GOODBYE, bool, within=8, times=1)
    delivery = await scene.backstage.wait(backstage.outcome_heard(task.task_id), within=15) if task else None
    found = f"{delivery.delivery_id}: {delivery.state.value}" if delivery else "no outcome in state heard"
    scene.checks.add("the outcome is recorded as heard to its end", delivery is not None, found)
    await _summary(scene, call.session_id, task)
    return call.session_id


async def greet_and_ask(scene: Scene, call: Conversation, order: Order, *, checked: bool = True) -> None:
    """The greeting, and the quick question."""
    greeting = scene.composition.phrases.greeting
    heard = await call.hear(lambda text: hears_phrase(text, greeting, share=0.9), since=0, within=25)
    asked = await call.ask(script.ask_order(order), lambda text: hears_any(text, (order.item, order.status)))
    if checked:
        scene.checks.add("the greeting was heard", heard.fulfilled, heard.text)
        scene.checks.add(f"order {order.order_id} was answered with item or status", asked.fulfilled, told(asked))


async def ask_for_refund(scene: Scene, call: Conversation, order: Order) -> Exchange:
    """Wish, confirmation when it is asked for, acknowledgement."""
    phrases = scene.composition.phrases
    confirm = phrases.confirm.replace("{goal}", "")

    def taken(text: str) -> bool:
        return hears_phrase(text, phrases.acknowledge)

    def read_back(text: str) -> bool:
        return hears_phrase(text, confirm) and hears_digits(text, order.order_id)

    exchange = await call.ask(script.WANT_MONEY, lambda text: read_back(text) or taken(text))
    return exchange if taken(exchange.text) else await call.ask(script.YES, taken)


async def _refund(
    scene: Scene, call: Conversation, order: Order, decide: Decide, trouble: Trouble
) -> TaskRecord | None:
    """From the wish to the outcome."""
    checks, waiting_words = scene.checks, scene.composition.phrases.waiting_approval
    asked_from = len(call.caller.events)
    acknowledged = await ask_for_refund(scene, call, order)
    checks.add("the request was acknowledged in speech at once", acknowledged.fulfilled, told(acknowledged))
    await scene.backstage.wait(backstage.running_step(call.session_id), within=15)
    await trouble(scene, "step")
    unrelated = await call.ask(script.UNRELATED, lambda text: set(script.UNRELATED_ANSWER) <= set(numbers_in(text)))
    waiting = await call.hear(lambda text: hears_phrase(text, waiting_words), since=asked_from, within=40)
    checks.add("it was heard that a colleague is checking", waiting.fulfilled, waiting.text[-200:])
    task = await scene.backstage.wait(backstage.task_of(call.session_id), within=5)
    approval = await scene.backstage.wait(backstage.pending_approval(call.session_id), within=30)
    if approval is None:
        checks.add("the refund waits for a person", False, "no pending approval in the records within 30 s")
        return task
    before = await scene.shop.refunds(order.order_id)
    checks.add("no refund before the decision", not before, f"{len(before)} refunds in the books")
    await trouble(scene, "approval")
    since = len(call.caller.events)
    await decide(scene, approval)
    decided = await scene.backstage.wait(backstage.decided_approval(approval.approval_id), within=10)
    if decided is not None and decided.stage is not ApprovalStage.APPROVED:
        await _not_paid(scene, call, order, since)  # a human reviewer may say no
        return task
    refund = await _paid(scene, call, order, decided, since)
    answered_at = unrelated.last.started_at if unrelated.fulfilled and unrelated.last else None
    open_then = bool(answered_at and task and refund and task.requested_at <= answered_at <= refund.committed_at)
    checks.add("an unrelated question was answered while the task was open", open_then, told(unrelated))
    return task


async def _paid(
    scene: Scene, call: Conversation, order: Order, decided: ApprovalRecord | None, since: int
) -> Refund | None:
    checks, amount = scene.checks, script.amount_of(order)
    outcome = await call.hear(lambda text: hears_any(text, ("refund", "refunded")), since=since, within=60)
    if outcome.fulfilled and not hears_amount(outcome.text, amount):
        # Heard, but not understood: a person asks again.
        outcome = await call.ask(script.AGAIN, lambda text: hears_amount(text, amount), within=15, times=1)
    checks.add(f"the outcome was heard, with the amount of {order.amount}", outcome.fulfilled, told(outcome))
    refunds = await scene.shop.refunds(order.order_id)
    found = ", ".join(f"{r.amount} at {r.committed_at:%H:%M:%S.%f}" for r in refunds) or "none"
    exact = len(refunds) == 1 and refunds[0].amount == amount
    checks.add(f"exactly one refund of exactly {order.amount} is in the shop's books", exact, found)
    decided_at = decided.decided_at if decided else None
    after = bool(refunds and decided_at and refunds[0].committed_at >= decided_at)
    checks.add(
        "it was made after the decision", after, f"decided at {decided_at:%H:%M:%S.%f}" if decided_at else "undecided"
    )
    return refunds[0] if refunds else None


async def _not_paid(scene: Scene, call: Conversation, order: Order, since: int) -> None:
    phrases = scene.composition.phrases
    outcome = await call.hear(lambda text: hears_phrase(text, phrases.declined), since=since, within=60)
    refused = hears_rather(outcome.text, phrases.declined, phrases.expired)
    scene.checks.add("it was heard that the request was not approved", refused, told(outcome))
    refunds = await scene.shop.refunds(order.order_id)
    scene.checks.add("no refund is in the shop's books", not refunds, f"{len(refunds)} refunds")


async def _summary(scene: Scene, session_id: str, task: TaskRecord | None) -> None:
    summary = await scene.backstage.wait(lambda reader: summary_of(reader.artifacts(session_id)), within=40)
    items = summary.action_items if summary else ()
    found = "; ".join(f"{i.text.body} (who: {i.owner or 'nobody'}, by {i.due or 'any day'})" for i in items)
    found = (found or "no action items")[:200] if summary else "no summary within 40 s"
    planned = any(script.PLANNED in item.text.body.lower() and item.due is not None for item in items)
    scene.checks.add("a summary was written, with what the caller is going to do as an action item", planned, found)
    undone = [item for item in items if task and item.task_id == task.task_id]
    scene.checks.add("what was done is not still to be done there", bool(summary and task and not undone), found)


def told(exchange: Exchange) -> str:
    """What was heard, and how soon."""
    soon = f"after {exchange.latency_ms:.0f} ms: " if exchange.latency_ms is not None else ""
    return soon + (exchange.text[-200:] or "nothing")
