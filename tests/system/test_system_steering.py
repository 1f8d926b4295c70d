"""A caller steers what runs backstage by voice, and what only shows that they listen breaks nothing off."""

from __future__ import annotations

import pytest
from system_backstage import Backstage, Reviewer
from system_ring import Ring
from system_services import BreakableShop

from contracts.approval import ApprovalStage
from contracts.session import Speaker
from contracts.task import TaskStage
from workers.caller.events import AgentSpeechStarted, Heard
from workers.demo.hearing import hears_any, hears_phrase
from workers.demo.script import spelled

pytestmark = pytest.mark.stack


async def test_work_is_held_resumed_corrected_and_cancelled_by_voice(
    ring: Ring, shop: BreakableShop, backstage: Backstage, reviewer: Reviewer
) -> None:
    wrong, right = await shop.fresh_order(), await shop.fresh_order()
    call = await ring()
    say = call.phrases
    await call.want_refund(wrong)
    await call.hear_phrase(say.waiting_approval, within=40)
    first = await backstage.approval(call.session_id)

    await call.ask("Please wait a moment.", lambda text: hears_phrase(text, opening(say.pausing)), "it is on hold")
    await backstage.task(call.session_id, TaskStage.SUSPENDED)
    await call.ask("Okay, go on with that.", lambda text: hears_phrase(text, opening(say.going_on)), "it goes on")
    await backstage.task(call.session_id, TaskStage.WAITING_APPROVAL)

    correction = f"Actually it is order {spelled(right.order_id)}."
    await call.ask(correction, lambda text: hears_phrase(text, say.changing), "the change is passed on")
    await backstage.approval_is(first.approval_id, ApprovalStage.WITHDRAWN, within=40)
    second = await backstage.approval(call.session_id, within=40)
    assert right.order_id in second.arguments.body, "the corrected order waits for a person now"

    await call.ask("Please cancel that.", lambda text: hears_phrase(text, opening(say.stopping)), "it is being stopped")
    await call.hear_phrase(say.cancelled, within=40)
    await backstage.task(call.session_id, TaskStage.CANCELLED)
    late = await reviewer.decide(second, "approve")
    assert not late.accepted
    assert await shop.refunds(wrong.order_id) == await shop.refunds(right.order_id) == []
    counted = [entry.action for entry in backstage.records.audit(call.session_id) if entry.action.endswith(".counted")]
    assert counted == [f"task.{kind}.counted" for kind in ("suspend", "resume", "correct", "cancel")]


async def test_okay_into_the_agents_speech_breaks_nothing_off(ring: Ring, backstage: Backstage) -> None:
    call = await ring(greeted=False)
    said = await call.caller.say("Okay, right.", barge_in=True)
    greeted = [event for event in call.events if isinstance(event, Heard)]
    assert said.barge_in and not greeted, "it was said into the greeting"
    text = await call.hear_phrase(call.phrases.greeting, within=30)
    starts = [event for event in call.events if isinstance(event, AgentSpeechStarted)]
    assert len(starts) <= 2, f"paused once at most: {text}"
    await call.ask("What are your opening hours?", lambda text: hears_any(text, ("weekdays",)), "an answer")
    await call.hang_up()
    await backstage.session_over(call.session_id)
    turns = [record.turn for record in backstage.records.turns(call.session_id)]
    words = [turn.text.body for turn in turns if turn.speaker is Speaker.CALLER]
    assert words and all("opening" in turn for turn in words), words
    assert not any(turn.interrupted for turn in turns)


def opening(phrase: str) -> str:
    """What is said before the goal."""
    return phrase.partition(":")[0]
