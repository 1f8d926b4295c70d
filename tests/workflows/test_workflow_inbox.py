"""What is owed to a person, across calls of real sessions."""

from __future__ import annotations

from datetime import UTC, datetime

from temporalio.client import WorkflowExecutionStatus
from test_workflow_session import Call, call, deliver, in_state
from workflow_world import World, until, words

from activities.mailbox import MailboxActivities
from contracts.delivery import Delivery, DeliveryOutcome, DeliveryReport, DeliveryState, Offer, Presence
from contracts.names import Signal, inbox_workflow_id, new_id
from contracts.session import CallerPresence


async def report(stage: World, subject: str, offer: Offer, outcome: DeliveryOutcome) -> None:
    word = DeliveryReport(
        delivery_id=offer.delivery_id,
        attempt=offer.attempt,
        session_id=offer.session_id,
        outcome=outcome,
        at=datetime.now(UTC),
    )
    await stage.client.get_workflow_handle(inbox_workflow_id(subject)).signal(Signal.REPORT.value, word)


async def offered(it: Call) -> Offer:
    async def one() -> Offer | None:
        offers = (await it.stage.snapshot(it.session_id)).offers
        return offers[0] if offers else None

    return await until(one)


async def hang_up(it: Call) -> None:
    await it.caller(CallerPresence.GONE)
    await it.ended()


async def test_what_nobody_heard_is_carried_to_the_next_call(stage: World) -> None:
    subject = new_id("subject")
    first = await call(stage, subject_id=subject)
    owed = await deliver(stage, subject, first.session_id)
    await offered(first)
    await hang_up(first)
    await until(lambda: in_state(stage, subject, owed, DeliveryState.OWED))
    second = await call(stage, subject_id=subject)
    offer = await offered(second)
    assert (offer.delivery_id, offer.attempt, offer.carried) == (owed, 2, True)
    await report(stage, subject, offer, DeliveryOutcome.PLAYED)
    await until(lambda: in_state(stage, subject, owed, DeliveryState.PLAYED))
    await report(stage, subject, offer, DeliveryOutcome.HEARD)
    await until(lambda: in_state(stage, subject, owed, DeliveryState.HEARD))
    assert (await stage.snapshot(second.session_id)).offers == ()
    await hang_up(second)
    third = await call(stage, subject_id=subject)
    await third.turn(1)
    assert (await stage.snapshot(third.session_id)).offers == ()
    await hang_up(third)

    async def kept() -> bool:
        return any(d.state is DeliveryState.HEARD for d in stage.records.deliveries(subject_id=subject))

    await until(kept)
    [record] = stage.records.deliveries(subject_id=subject)
    assert (record.heard_in, record.attempts) == (second.session_id, 2)


async def test_played_to_a_caller_who_vanished_is_offered_again(stage: World) -> None:
    subject = new_id("subject")
    first = await call(stage, subject_id=subject)
    owed = await deliver(stage, subject, first.session_id)
    await report(stage, subject, await offered(first), DeliveryOutcome.PLAYED)
    await until(lambda: in_state(stage, subject, owed, DeliveryState.PLAYED))
    await first.caller(CallerPresence.LOST)
    await until(lambda: in_state(stage, subject, owed, DeliveryState.OWED))
    await first.ended()
    second = await call(stage, subject_id=subject)
    assert (await offered(second)).attempt == 2
    await hang_up(second)


async def test_a_barge_in_is_offered_again_in_the_same_call(stage: World) -> None:
    subject = new_id("subject")
    it = await call(stage, subject_id=subject)
    await deliver(stage, subject, it.session_id)
    await report(stage, subject, await offered(it), DeliveryOutcome.INTERRUPTED)

    async def again() -> bool:
        return [o.attempt for o in (await stage.snapshot(it.session_id)).offers] == [2]

    await until(again)
    await hang_up(it)


async def test_the_same_delivery_sent_twice_is_said_once(stage: World) -> None:
    subject = new_id("subject")
    it = await call(stage, subject_id=subject)
    delivery = Delivery(
        delivery_id=new_id("delivery"),
        subject_id=subject,
        session_id=it.session_id,
        task_id="task-1",
        topic="task-1",
        speech=words("Once."),
        created_at=datetime.now(UTC),
    )
    mailbox = MailboxActivities(stage.client)
    await mailbox.deliver(delivery)
    await mailbox.deliver(delivery)
    offer = await offered(it)
    await report(stage, subject, offer, DeliveryOutcome.HEARD)
    await mailbox.deliver(delivery)
    await until(lambda: in_state(stage, subject, delivery.delivery_id, DeliveryState.HEARD))
    assert (await stage.snapshot(it.session_id)).stream_offset == 3, "superseded, offered, withdrawn: no second offer"
    await hang_up(it)


async def test_a_session_that_ended_without_telling_keeps_nothing(stage: World) -> None:
    """The inbox believes that it can be spoken to; nobody is there to take the offer."""
    subject = new_id("subject")
    mailbox = MailboxActivities(stage.client)
    ghost = Presence(session_id=new_id("session"), subject_id=subject, present=True, epoch=1)
    await mailbox.presence(ghost)
    owed = await deliver(stage, subject, ghost.session_id)
    await until(lambda: in_state(stage, subject, owed, DeliveryState.OWED))
    it = await call(stage, subject_id=subject)
    offer = await offered(it)
    assert offer.delivery_id == owed and offer.carried
    await hang_up(it)


async def test_two_calls_of_one_person_are_never_asked_the_same(stage: World) -> None:
    subject = new_id("subject")
    first = await call(stage, subject_id=subject)
    second = await call(stage, subject_id=subject)
    await deliver(stage, subject, first.session_id)
    await offered(first)
    assert (await stage.snapshot(second.session_id)).offers == ()
    await first.caller(CallerPresence.LOST)
    offer = await offered(second)
    assert offer.carried
    assert (await stage.snapshot(first.session_id)).offers == (), "withdrawn from the call that was left"
    await first.ended()
    await hang_up(second)


async def test_nothing_is_lost_when_an_inbox_continues_as_new(forgetful_stage: World) -> None:
    stage = forgetful_stage
    subject = new_id("subject")
    handle = stage.client.get_workflow_handle(inbox_workflow_id(subject))
    ids = [await deliver(stage, subject, "session-of-nobody") for _ in range(30)]
    it = await call(stage, subject_id=subject)

    async def all_offered() -> bool:
        return {o.delivery_id for o in (await stage.snapshot(it.session_id)).offers} == set(ids)

    await until(all_offered)
    for offer in (await stage.snapshot(it.session_id)).offers:
        await report(stage, subject, offer, DeliveryOutcome.HEARD)

    async def all_heard() -> bool:
        views = await stage.inbox(subject)
        return set(views) == set(ids) and all(v.state is DeliveryState.HEARD for v in views.values())

    await until(all_heard)

    async def continued() -> bool:  # the list of runs lags behind
        found = stage.client.list_workflows(f"WorkflowId='{inbox_workflow_id(subject)}'")
        return len([run async for run in found]) > 1

    await until(continued)
    assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
    await hang_up(it)
