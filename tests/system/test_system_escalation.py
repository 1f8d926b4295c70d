"""A caller asks for a person: the agent pauses with honest words, and goes on with what the person told it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable

import pytest
from system_backstage import Backstage
from system_ring import Ring
from system_services import BreakableShop

from contracts.escalation import EscalationCause, EscalationStage
from contracts.records import EscalationRecord
from workers.demo.hearing import hears_any
from workers.demo.script import spelled
from workers.settings import ROOT
from workers.stack.stack import Stack

pytestmark = pytest.mark.stack

Command = Callable[..., Awaitable[str]]


@pytest.fixture
def escalations(stack: Stack) -> Command:
    """`greenroom escalations`, as a reviewer types it; what it printed."""

    async def run(*words: str) -> str:
        running = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "workers", "escalations", *words),
            cwd=ROOT,
            env={**os.environ, **stack.env},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        printed, _ = await running.communicate()
        assert running.returncode == 0, printed.decode()
        return printed.decode()

    return run


async def test_a_caller_gets_a_person_and_the_agent_goes_on_with_what_it_was_told(
    ring: Ring, shop: BreakableShop, backstage: Backstage, escalations: Command
) -> None:
    order = (await shop.delivered())[0]
    call = await ring()
    await call.ask(
        "Can I speak to a person?", lambda text: hears_any(text, ("stay on the line",)), call.phrases.person_called
    )
    waiting = await backstage.until(
        lambda: next(iter(backstage.records.escalations(EscalationStage.OPEN, session_id=call.session_id)), None),
        20,
        "an open escalation",
    )
    assert waiting.cause is EscalationCause.CALLER
    assert "person" in waiting.summary.body
    listed = [
        EscalationRecord.model_validate(found)
        for found in json.loads(await escalations("ls", "--session", call.session_id, "--json"))
    ]
    assert [found.escalation_id for found in listed] == [waiting.escalation_id]

    where = f"Where is my order number {spelled(order.order_id)}?"
    mark = call.mark
    await call.say(where)
    text = await call.hear_phrase(call.phrases.on_hold, since=mark)
    assert not hears_any(text, (order.item, order.status)), "nothing is answered while a person is waited for"

    mark = call.mark
    note = "The caller has a voucher of twenty euros."
    await escalations("resume", waiting.escalation_id, "--reviewer", "ann", "--note", note)
    await call.hear_phrase(call.phrases.person_helped, since=mark)
    await call.ask("What did your colleague say?", lambda text: hears_any(text, ("voucher",)), "what was told")
    await call.ask(where, lambda text: hears_any(text, (order.item, order.status)), "answers of its own again")
    assert len(backstage.records.escalations(session_id=call.session_id)) == 1
