"""Two shorter calls: a colleague says no, and nobody decides in time."""

from __future__ import annotations

from workers.demo import backstage
from workers.demo.hearing import hears_phrase, hears_rather
from workers.demo.main_call import ask_for_refund, greet_and_ask, told
from workers.demo.reviewing import review
from workers.demo.scene import REVIEWER, Scene
from workers.demo.shop import Order


async def rejected(scene: Scene, order: Order) -> None:
    """A reviewer rejects. Raises CallerDied."""
    phrases = scene.composition.phrases
    await _unpaid(scene, order, "rejected", scene.composition.id, phrases.declined, phrases.expired)


async def expired(scene: Scene, order: Order, composition: str) -> None:
    """The same with a deadline of seconds, and nobody there. Raises CallerDied."""
    phrases = scene.composition.phrases
    await _unpaid(scene, order, "expired", composition, phrases.expired, phrases.declined)


async def _unpaid(scene: Scene, order: Order, name: str, composition: str, words: str, other: str) -> None:
    checks = scene.checks
    async with await scene.ring(composition, f"demo-{name}") as call:
        await greet_and_ask(scene, call, order, checked=False)
        since = len(call.caller.events)
        await ask_for_refund(scene, call, order)
        approval = await scene.backstage.wait(backstage.pending_approval(call.session_id), within=30)
        if approval is None:
            checks.add(f"{name}: the refund waits for a person", False, "no pending approval within 30 s")
            return
        if name == "rejected":
            waiting = scene.composition.phrases.waiting_approval
            await call.hear(lambda text: hears_phrase(text, waiting), since=since, within=20)
            await review(scene.stage, "reject", approval.approval_id, reviewer=REVIEWER, stack_file=scene.stack_file)
        outcome = await call.hear(lambda text: hears_rather(text, words, other), since=since, within=45)
        checks.add(f"{name}: the caller heard so, in words of its own", outcome.fulfilled, told(outcome))
    refunds = await scene.shop.refunds(order.order_id)
    checks.add(f"{name}: no refund is in the shop's books", not refunds, f"{len(refunds)} refunds of {order.order_id}")
