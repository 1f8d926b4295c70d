"""Two shorter calls: a colleague says no, and nobody decides in time."""

from __future__ import annotations

from workers.demo import backstage
from workers.demo.hearing import hears_any, hears_phrase
from workers.demo.main_call import ask_for_refund, told
from workers.demo.reviewing import review
from workers.demo.scene import REVIEWER, Scene
from workers.demo.shop import Order


async def rejected(scene: Scene, order: Order) -> str:
    """What was heard as the outcome."""
    phrases = scene.composition.phrases
    return await _unpaid(
        scene, order, scene.composition.id, "demo-rejected", phrases.declined, phrases.expired, "reject"
    )


async def expired(scene: Scene, order: Order, composition: str) -> str:
    """The same with a deadline of seconds, and nobody there."""
    phrases = scene.composition.phrases
    return await _unpaid(scene, order, composition, "demo-expired", phrases.expired, phrases.declined, None)


async def _unpaid(
    scene: Scene, order: Order, composition: str, subject: str, phrase: str, other: str, verdict: str | None
) -> str:
    checks, name = scene.checks, "rejected" if verdict else "expired"
    async with await scene.ring(composition, subject) as call:
        await call.hear(lambda text: hears_phrase(text, scene.composition.phrases.greeting), since=0, within=25)
        await call.ask(f"Hello. Where is my order number {', '.join(order.order_id)}?",
                       lambda text: hears_any(text, (order.item, order.status)))  # fmt: skip
        await ask_for_refund(scene, call, order)
        since = len(call.caller.events)
        approval = await scene.backstage.wait(backstage.pending_approval(call.session_id), within=30)
        if approval is None:
            checks.add(f"{name}: the refund waits for a person", False, "no pending approval within 30 s")
            return ""
        if verdict:
            await call.hear(
                lambda text: hears_phrase(text, scene.composition.phrases.waiting_approval), since=since, within=20
            )
            since = len(call.caller.events)
            await review(scene.stage, verdict, approval.approval_id, reviewer=REVIEWER, stack_file=scene.stack_file)
        outcome = await call.hear(lambda text: hears_phrase(text, phrase), since=since, within=45)
        differs = outcome.fulfilled and not hears_phrase(outcome.text, other)
        checks.add(f"{name}: the caller heard that, in words of its own", differs, told(outcome))
    refunds = await scene.shop.refunds(order.order_id)
    checks.add(f"{name}: no refund in the shop's books", not refunds, f"{len(refunds)} refunds of {order.order_id}")
    return outcome.text
