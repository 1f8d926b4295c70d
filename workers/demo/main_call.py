"""The main story: an order, a refund behind a colleague's yes, an agent killed in mid-sentence, a summary."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Awaitable, Callable

from contracts.records import ApprovalRecord
from workers.commands.session_view import summary_of
from workers.demo import backstage, script
from workers.demo.conversation import Conversation, Exchange
from workers.demo.hearing import hears_amount, hears_any, hears_phrase, hears_words
from workers.demo.scene import Scene
from workers.demo.script import Drawn
from workers.demo.shop import Order
from workers.demo.victims import agents_in_a_room

Decide = Callable[[Scene, ApprovalRecord], Awaitable[None]]
"""Has a person decide; returns when the decision was sent."""

REPLACED_WITHIN = 3.0


async def play(scene: Scene, drawn: Drawn, decide: Decide, trouble: Callable[[Scene, str], Awaitable[None]]) -> str:
    """The whole call; its session id. `trouble` is told of two moments, "step" and "approval", and may do harm."""
    checks = scene.checks
    async with await scene.ring(scene.composition.id, "demo-caller") as call:
        await _order(scene, call, drawn)
        told = await _refund(scene, call, drawn, decide, trouble)
        await call.caller.say(script.THANKS)
        await _killed(scene, call, drawn)
        await call.caller.say(script.GOODBYE)
        await call.hear(lambda text: bool(text), since=len(call.caller.events), within=4)
    session_id = call.session_id
    delivery = await scene.backstage.wait(backstage.settled_delivery(told), within=15) if told else None
    checks.add(
        "the outcome's delivery is recorded as heard",
        delivery is not None,
        f"{delivery.delivery_id}: {delivery.state.value}" if delivery else "no delivery of the task is in state heard",
    )
    await _summary(scene, session_id)
    return session_id


async def _order(scene: Scene, call: Conversation, drawn: Drawn) -> None:
    greeting = scene.composition.phrases.greeting
    heard = await call.hear(lambda text: hears_phrase(text, greeting), since=0, within=25)
    scene.checks.add("the greeting was heard", heard.fulfilled, heard.text)
    order = drawn.main
    asked = await call.ask(script.ask_order(order), lambda text: hears_any(text, (order.item, order.status)))
    scene.checks.add(f"order {order.order_id} was answered with item or status", asked.fulfilled, told(asked))


async def _refund(
    scene: Scene, call: Conversation, drawn: Drawn, decide: Decide, trouble: Callable[[Scene, str], Awaitable[None]]
) -> str | None:
    """From the wish to the outcome; the id of the task."""
    checks, phrases, order = scene.checks, scene.composition.phrases, drawn.main
    acknowledged = await ask_for_refund(scene, call, order)
    checks.add("the request was acknowledged in speech at once", acknowledged.fulfilled, told(acknowledged))
    await scene.backstage.wait(backstage.running_step(call.session_id), within=15)
    await trouble(scene, "step")
    since = len(call.caller.events)
    unrelated = await call.ask(script.UNRELATED, lambda text: hears_words(text, " ".join(script.UNRELATED_ANSWER)))
    waiting = await call.hear(lambda text: hears_phrase(text, phrases.waiting_approval), since=since, within=40)
    if not waiting.fulfilled:  # it may have been said before the question was
        waiting = await call.hear(lambda text: hears_phrase(text, phrases.waiting_approval), since=0, within=0.1)
    checks.add("it was heard that a colleague is checking", waiting.fulfilled, waiting.text[-160:])
    approval = await scene.backstage.wait(backstage.pending_approval(call.session_id), within=30)
    task = await scene.backstage.wait(backstage.task_of(call.session_id), within=5)
    if approval is None:
        checks.add("the refund waits for a person", False, "no pending approval in the records within 30 s")
        return task.task_id if task else None
    none_yet = await scene.shop.refunds(order.order_id)
    checks.add("no refund before the decision", not none_yet, f"{len(none_yet)} refunds in the books")
    await trouble(scene, "approval")
    since = len(call.caller.events)
    await decide(scene, approval)
    decided = await scene.backstage.wait(backstage.decided_approval(approval.approval_id), within=10)
    amount = script.amount_of(order)
    outcome = await call.hear(
        lambda text: hears_any(text, ("refund", "refunded")) and hears_amount(text, amount), since=since, within=60
    )
    checks.add(f"the outcome was heard with the amount of {order.amount}", outcome.fulfilled, told(outcome))
    refunds = await scene.shop.refunds(order.order_id)
    right = len(refunds) == 1 and refunds[0].amount == amount
    after = bool(refunds and decided and decided.decided_at and refunds[0].committed_at >= decided.decided_at)
    found = ", ".join(f"{r.amount} at {r.committed_at:%H:%M:%S.%f}" for r in refunds) or "none"
    checks.add(f"exactly one refund of exactly {order.amount} is in the shop's books", right, found)
    checks.add("it was made after the decision", after, found)
    answered_at = unrelated.last.started_at if unrelated.last else None
    open_then = bool(
        unrelated.fulfilled and answered_at and task and task.requested_at <= answered_at
        and refunds and answered_at <= refunds[0].committed_at
    )  # fmt: skip
    checks.add("an unrelated question was answered while the task was open", open_then, told(unrelated))
    return task.task_id if task else None


async def ask_for_refund(scene: Scene, call: Conversation, order: Order) -> Exchange:
    """Wish, confirmation when it is asked for, acknowledgement."""
    phrases = scene.composition.phrases
    confirm = phrases.confirm.replace("{goal}", "")

    def taken(text: str) -> bool:
        return hears_phrase(text, phrases.acknowledge)

    exchange = await call.ask(script.want_money(order), lambda text: hears_phrase(text, confirm) or taken(text))
    if not taken(exchange.text):
        exchange = await call.ask(script.YES, taken)
    return exchange


async def _killed(scene: Scene, call: Conversation, drawn: Drawn) -> None:
    checks, caller = scene.checks, call.caller
    await call.ask(script.tell_fact(drawn.fact), bool, within=12, times=1)
    mark = len(caller.events)
    await caller.say(script.INTERRUPTED_QUESTION)
    await caller.until(lambda e: e.event == "agent_speech_started", since=mark, within=20)
    voices = [pid for name, pid in scene.stack.pids.items() if name.startswith("voice")]
    victims = agents_in_a_room(voices, scene.stack.env["LIVEKIT_URL"])
    if len(victims) != 1:
        checks.add("the agent's process was found", False, f"{len(victims)} processes are in the room: {victims}")
        return
    scene.family.look()
    mark = len(caller.events)
    os.kill(victims[0], signal.SIGKILL)
    killed = time.monotonic()
    scene.stage.line("kill", f"SIGKILL to the agent's process {victims[0]}, in mid-sentence")
    try:
        joined = await caller.until(lambda e: e.event == "agent_joined", since=mark, within=20)
        speaking = await caller.until(
            lambda e: e.event == "agent_speech_started" and e.identity == joined.identity, since=mark, within=20
        )
    except TimeoutError:
        checks.add("a new agent came after SIGKILL", False, "none joined and spoke within 20 s")
        return
    room_after, voice_after = joined.received - killed, speaking.received - killed
    scene.stage.line("agent", "is back", f"in the room after {room_after:.2f} s, speaking after {voice_after:.2f} s")
    checks.add(
        f"a new agent was in the room within {REPLACED_WITHIN:g} s of SIGKILL",
        room_after <= REPLACED_WITHIN,
        f"{room_after:.2f} s; speaking after {voice_after:.2f} s",
    )
    await call.hear(bool, since=caller.events.index(joined), within=15)
    recalled = await call.ask(script.RECALL, lambda text: hears_words(text, drawn.fact))
    checks.add(f"the new agent knew {drawn.fact!r} from before", recalled.fulfilled, told(recalled))


async def _summary(scene: Scene, session_id: str) -> None:
    summary = await scene.backstage.wait(lambda reader: summary_of(reader.artifacts(session_id)), within=40)
    items = [item.text.body for item in summary.action_items] if summary else []
    found = f"{len(items)} action items: {'; '.join(items)[:160]}" if summary else "no summary within 40 s"
    scene.checks.add("a summary with action items was written", bool(items), found)


def told(exchange: Exchange) -> str:
    """What was heard, and how soon."""
    soon = f"after {exchange.latency_ms:.0f} ms: " if exchange.latency_ms is not None else ""
    return soon + (exchange.text[-160:] or "nothing")
