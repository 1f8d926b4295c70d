"""The database is away in the middle of a call: the call goes on, activities retry, nothing is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import make_url
from test_workflow_inbox import offered, report
from test_workflow_session import call, deliver, in_state
from workflow_world import World, until

from contracts.delivery import DeliveryOutcome, DeliveryState
from contracts.names import new_id
from contracts.session import CallerPresence
from store.audit import verify
from store.engine import LOCK_TIMEOUT_SECONDS, open_engine

TURNS = 20


@contextmanager
def locked(stage: World) -> Iterator[None]:
    """Nobody can write: another program holds the database. Reading goes on, so that a test can look."""
    holder = sqlite3.connect(make_url(stage.database_url).database or "", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        holder.execute("COMMIT")
        holder.close()


async def test_a_call_goes_on_without_the_database_and_all_of_it_is_written_later(stage: World) -> None:
    subject = new_id("subject")
    it = await call(stage, subject_id=subject)
    await until(lambda: present(stage, it.session_id))
    with locked(stage):
        for number in range(TURNS):
            await it.turn(number)
        first = await deliver(stage, subject, it.session_id)
        await report(stage, subject, await offered(it), DeliveryOutcome.HEARD)
        await until(lambda: in_state(stage, subject, first, DeliveryState.HEARD))
        second = await deliver(stage, subject, it.session_id)
        assert (await offered(it)).delivery_id == second, "what is owed is offered meanwhile"
        await asyncio.sleep(LOCK_TIMEOUT_SECONDS + 1)  # until writers have given up waiting, and try again later
        await it.caller(CallerPresence.GONE)
        await until(lambda: in_state(stage, subject, second, DeliveryState.OWED))
        assert (await stage.snapshot(it.session_id)).turn_count == TURNS
        assert stage.records.turns(it.session_id) == [] and stage.records.deliveries(subject_id=subject) == []
    record = await asyncio.wait_for(it.ended(), 40)
    assert record.end_reason == "the caller hung up"
    assert [t.turn.turn_id for t in stage.records.turns(it.session_id)] == [f"turn-{n}" for n in range(TURNS)]

    async def written() -> bool:
        states = {d.delivery_id: d.state for d in stage.records.deliveries(subject_id=subject)}
        return states == {first: DeliveryState.HEARD, second: DeliveryState.OWED}

    await until(written)
    assert "words 19" in (await it.summary()).body.body
    engine = open_engine(stage.database_url)
    assert verify(engine).intact
    engine.dispose()


async def present(stage: World, session_id: str) -> bool:
    return "role.present" in [a.action for a in stage.records.audit(session_id)]
