"""A model that fails or hangs: the caller hears something soon, and the call goes on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from system_call import Call
from system_ring import Ring
from system_services import BreakableShop, InferenceFaults

from workers.caller.events import Said
from workers.demo.hearing import hears_any
from workers.demo.script import spelled
from workers.demo.shop import Order

pytestmark = pytest.mark.stack

PROMISED, TOLERATED = 3.0, 5.0
"""Seconds from the end of the caller's speech to the first spoken word, promised and on a busy machine."""


@pytest.mark.parametrize("kind", ["error", "hang"])
async def test_a_failing_model_is_never_silence(
    ring: Ring, shop: BreakableShop, faults: InferenceFaults, kind: str, record_property: Callable[[str, object], None]
) -> None:
    order = (await shop.delivered())[-1]
    call = await ring()
    await faults.set("chat", kind)
    mark = call.mark
    said = await call.say("What are your opening hours on Saturdays?")
    seconds = await first_sound(call, said, mark)
    record_property(f"{kind}_to_spoken_fallback_seconds", seconds)
    print(f"{kind}: {seconds:.2f} s from the end of the caller's speech to the spoken fallback (promised {PROMISED:g})")
    assert seconds < TOLERATED
    await call.hear_phrase(call.phrases.holding, since=mark)
    text = await call.hear_phrase(call.phrases.unanswered, since=mark, within=25)
    assert not hears_any(text, ("ten to four", "from ten")), text
    assert await faults.hits("chat") >= 2
    # Who failed is left alone for seconds, and then tried with our own words.
    await faults.recover("chat", within=15)
    await asks_and_is_answered(call, order)


async def asks_and_is_answered(call: Call, order: Order) -> None:
    await call.ask(
        f"Where is my order number {spelled(order.order_id)}?",
        lambda text: hears_any(text, (order.item, order.status)),
        "an answer after the fault",
    )


async def first_sound(call: Call, said: Said, mark: int) -> float:
    started = await call.agent_speaks(since=mark, within=20)
    return (started.at - said.ended_at).total_seconds()
