"""Deliveries that expire, that no voice could say, that are handed to a webhook, or that two calls race for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from desk_composition import COMPOSITIONS
from test_workflow_inbox import hang_up, offered, report
from test_workflow_session import Call, call, in_state
from workflow_world import World, until, words

from activities.mailbox import MailboxActivities
from contracts.delivery import Delivery, DeliveryOutcome, DeliveryReport, DeliveryState, Offer, WebhookState
from contracts.names import Signal, inbox_workflow_id, new_id
from contracts.records import DeliveryRecord
from contracts.session import CallerPresence


async def deliver(stage: World, subject: str, session_id: str, **more: Any) -> str:
    delivery = Delivery(
        delivery_id=new_id("delivery"),
        subject_id=subject,
        session_id=session_id,
        task_id="task-1",
        topic="task-1",
        speech=words("The roof is mended. It cost 3.50 EUR."),
        created_at=datetime.now(UTC),
        **more,
    )
    await MailboxActivities(stage.client, COMPOSITIONS).deliver(delivery)
    return delivery.delivery_id


async def recorded(stage: World, delivery_id: str, subject: str, state: DeliveryState) -> DeliveryRecord:
    async def found() -> DeliveryRecord | None:
        records = stage.records.deliveries(subject_id=subject)
        return next((d for d in records if d.delivery_id == delivery_id and d.state is state), None)

    return await until(found)


async def posted(stage: World, delivery_id: str, subject: str, state: WebhookState) -> DeliveryRecord:
    async def found() -> DeliveryRecord | None:
        records = stage.records.deliveries(subject_id=subject)
        return next((d for d in records if d.delivery_id == delivery_id and d.webhook is state), None)

    return await until(found)


async def test_a_delivery_expires_by_itself_and_is_not_offered_any_more(stage: World) -> None:
    subject = new_id("subject")
    first = await call(stage, subject_id=subject)
    await hang_up(first)
    soon = datetime.now(UTC) + timedelta(seconds=0.8)
    owed = await deliver(stage, subject, first.session_id, expires_at=soon)
    record = await recorded(stage, owed, subject, DeliveryState.EXPIRED)
    assert record.expires_at == soon and record.reason == "nobody heard it in time"
    assert "delivery.expired" in [a.action for a in stage.records.audit(first.session_id)]
    second = await call(stage, subject_id=subject)
    await second.turn(1)
    assert (await stage.snapshot(second.session_id)).offers == ()
    await hang_up(second)


async def test_how_long_an_outcome_is_worth_telling_comes_from_the_composition(stage: World) -> None:
    subject = new_id("subject")
    owed = await deliver(stage, subject, "session-of-nobody", composition="hooked")
    other = await deliver(stage, subject, "session-of-nobody")
    views = await until(lambda: both(stage, subject))
    lasting = [(v.delivery.expires_at or datetime.max) - v.delivery.created_at for v in (views[owed], views[other])]
    assert lasting == [timedelta(seconds=600), timedelta(days=7)]
    assert [views[name].delivery.webhook_after for name in (owed, other)] == [0.3, None]


async def both(stage: World, subject: str) -> Any:
    views = await stage.inbox(subject)
    return views if len(views) == 2 else None


async def test_an_outcome_that_no_voice_could_say_is_offered_again_after_a_pause(stage: World) -> None:
    subject = new_id("subject")
    it = await call(stage, subject_id=subject)
    owed = await deliver(stage, subject, it.session_id)
    offer = await offered(it)
    told = DeliveryReport(
        delivery_id=owed,
        attempt=1,
        session_id=it.session_id,
        outcome=DeliveryOutcome.FAILED,
        at=datetime.now(UTC),
        reason="no voice",
    )
    began = datetime.now(UTC)
    await stage.client.get_workflow_handle(inbox_workflow_id(subject)).signal(Signal.REPORT.value, told)
    await until(lambda: in_state(stage, subject, owed, DeliveryState.OWED))
    assert (await stage.inbox(subject))[owed].reason == "failed: no voice"
    again = await offered_again(it, 2)
    assert again.speech == offer.speech and datetime.now(UTC) - began >= timedelta(seconds=1.9)
    await report(stage, subject, again, DeliveryOutcome.HEARD)
    await hang_up(it)


async def offered_again(it: Call, attempt: int) -> Offer:
    async def one() -> Offer | None:
        offers = (await it.stage.snapshot(it.session_id)).offers
        return next((o for o in offers if o.attempt == attempt), None)

    return await until(one)


async def test_what_was_barged_over_goes_on_with_what_was_not_said(stage: World) -> None:
    subject = new_id("subject")
    it = await call(stage, subject_id=subject)
    owed = await deliver(stage, subject, it.session_id)
    await offered(it)
    told = DeliveryReport(
        delivery_id=owed,
        attempt=1,
        session_id=it.session_id,
        outcome=DeliveryOutcome.INTERRUPTED,
        at=datetime.now(UTC),
        spoken=words("The roof is mended. It"),
    )
    await stage.client.get_workflow_handle(inbox_workflow_id(subject)).signal(Signal.REPORT.value, told)
    again = await offered_again(it, 2)
    assert again.resumed and again.speech.body == "It cost 3.50 EUR."
    await hang_up(it)


async def test_what_nobody_heard_goes_to_the_webhook_and_is_told_in_the_next_call_too(stage: World) -> None:
    subject = new_id("subject")
    it = await call(stage, subject_id=subject, composition="hooked")
    owed = await deliver(stage, subject, it.session_id, composition="hooked")
    stage.webhook.answers[owed].extend([503])
    await offered(it)
    assert not stage.webhook.posted or stage.webhook.posted[-1].delivery_id != owed, "not while the caller is there"
    await hang_up(it)
    record = await posted(stage, owed, subject, WebhookState.SENT)
    assert record.state is DeliveryState.OWED
    tried = [d for d in stage.webhook.posted if d.delivery_id == owed]
    assert len(tried) == 2 and tried[0] == tried[1], "tried again, under the same id"
    assert "delivery.webhook_sent" in [a.action for a in stage.records.audit(it.session_id)]
    second = await call(stage, subject_id=subject, composition="hooked")
    offer = await offered(second)
    assert offer.delivery_id == owed and offer.carried
    await report(stage, subject, offer, DeliveryOutcome.HEARD)
    await hang_up(second)
    assert len([d for d in stage.webhook.posted if d.delivery_id == owed]) == 2


async def test_a_webhook_that_refuses_is_not_asked_again_and_people_can_see_it(stage: World) -> None:
    subject, owed = new_id("subject"), ""
    stage.webhook.answers["refused.outcome"].append(410)
    delivery = Delivery(
        delivery_id="refused.outcome",
        subject_id=subject,
        session_id="session-of-nobody",
        task_id="task-1",
        topic="task-1",
        speech=words("Well."),
        created_at=datetime.now(UTC),
        composition="hooked",
    )
    await MailboxActivities(stage.client, COMPOSITIONS).deliver(delivery)
    owed = delivery.delivery_id
    record = await posted(stage, owed, subject, WebhookState.REFUSED)
    assert record.state is DeliveryState.OWED
    [line] = [a for a in stage.records.audit("session-of-nobody") if a.target == owed and "webhook" in a.action]
    assert line.action == "delivery.webhook_refused" and line.detail == {"status": 410}


async def test_an_ending_and_a_starting_call_race_and_the_outcome_is_heard_once(stage: World) -> None:
    """The old call ends, the new one begins, the outcome arrives: at once, in whatever order the server takes them."""

    async def race(number: int) -> None:
        subject = new_id("subject")
        old = await call(stage, subject_id=subject)

        async def begin() -> Call:
            return await call(stage, subject_id=subject)

        ending = old.caller(CallerPresence.LOST if number % 2 else CallerPresence.GONE)
        arriving = deliver(stage, subject, old.session_id)
        if number % 3 == 0:
            owed, new, _ = await asyncio.gather(arriving, begin(), ending)
        elif number % 3 == 1:
            _, owed, new = await asyncio.gather(ending, arriving, begin())
        else:
            new, _, owed = await asyncio.gather(begin(), ending, arriving)
        await old.ended()

        async def asked() -> Offer | None:
            offers = (await stage.snapshot(new.session_id)).offers
            return offers[0] if offers else None

        offer = await until(asked)
        assert (offer.delivery_id, offer.carried) == (owed, True)
        await report(stage, subject, offer, DeliveryOutcome.PLAYED)
        await report(stage, subject, offer, DeliveryOutcome.HEARD)
        await recorded(stage, owed, subject, DeliveryState.HEARD)
        await hang_up(new)
        heard = [
            a
            for session in (old, new)
            for a in stage.records.audit(session.session_id)
            if a.target == owed and a.action == "delivery.heard"
        ]
        assert len(heard) == 1

    await asyncio.gather(*(race(number) for number in range(6)))
