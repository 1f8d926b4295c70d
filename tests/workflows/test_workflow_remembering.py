"""What a call remembers beyond its recent turns, and what the next call knows of it."""

from __future__ import annotations

from test_workflow_session import Call, call
from workflow_world import World, until

from contracts.events import ContextChanged
from contracts.names import new_id
from contracts.session import CallerPresence, SessionSnapshot

RECENT = 6


async def known(it: Call) -> SessionSnapshot:
    return await it.stage.snapshot(it.session_id)


async def bounded(it: Call) -> bool:
    return len((await known(it)).turns) <= RECENT


async def over(it: Call) -> None:
    await it.caller(CallerPresence.GONE)
    await it.ended()


def told(snapshot: SessionSnapshot, turns: int) -> list[str]:
    """Which turns the snapshot tells of, in its summary or in full. The summarizer of the test repeats all words."""
    body = snapshot.summary.body if snapshot.summary else ""
    return [f"turn-{n}" for n in range(turns) if f"[turn-{n}]" in body] + [t.turn_id for t in snapshot.turns]


async def test_older_turns_go_into_the_summary_and_none_falls_between(stage: World) -> None:
    it = await call(stage, composition="talkative")
    for number in range(20):
        await it.turn(number)
        await until(lambda: bounded(it))
    snapshot = await known(it)
    assert snapshot.summary is not None and snapshot.turn_count == 20
    assert told(snapshot, 20) == [f"turn-{n}" for n in range(20)]
    requests = stage.models.summarized[it.session_id]
    folded = [turn.turn_id for request in requests for turn in request.turns]
    assert folded == [f"turn-{n}" for n in range(len(folded))], "each turn once, in sequence"
    assert [bool(request.parts) for request in requests] == [False] + [True] * (len(requests) - 1)
    changes = [e.payload for e in await it.events(1 + len(requests)) if isinstance(e.payload, ContextChanged)]
    assert [turn_id for change in changes for turn_id in change.turn_ids] == folded, "the agents are told too"
    assert changes[-1].summary == snapshot.summary
    await over(it)
    actions = [a.action for a in stage.records.audit(it.session_id)]
    assert actions.count("summary.rolled") == len(requests)


async def test_a_call_goes_on_while_the_summarizer_is_away(stage: World) -> None:
    it = await call(stage, composition="talkative")
    stage.models.no_summaries.add(it.session_id)
    for number in range(40):
        await it.turn(number)
    snapshot = await known(it)
    assert snapshot.turn_count == 40 and snapshot.summary is None
    assert [t.turn_id for t in snapshot.turns] == [f"turn-{n}" for n in range(16, 40)], "bounded, the newest stay"
    assert len(stage.models.summarized[it.session_id]) == 1, "it is not asked again at every turn"
    stage.models.no_summaries.discard(it.session_id)
    await over(it)
    assert len(stage.records.turns(it.session_id)) == 40


async def test_a_summary_is_carried_when_a_call_continues_as_new(forgetful_stage: World) -> None:
    stage = forgetful_stage
    it = await call(stage, composition="talkative")
    for number in range(60):
        await it.turn(number)
        if number % 5 == 0:
            await until(lambda: bounded(it))
    await until(lambda: bounded(it))
    assert (await it.handle.describe()).run_id != it.handle.first_execution_run_id
    snapshot = await known(it)
    in_full = [t.turn_id for t in snapshot.turns]
    assert in_full == [f"turn-{n}" for n in range(60 - len(in_full), 60)]
    folded = {turn.turn_id for request in stage.models.summarized[it.session_id] for turn in request.turns}
    assert folded == {f"turn-{n}" for n in range(60 - len(in_full))}
    await over(it)


async def test_the_next_call_of_the_same_person_knows_the_last_one(stage: World) -> None:
    subject = new_id("subject")
    first = await call(stage, subject_id=subject)
    assert (await known(first)).last_call is None
    await first.turn(1)
    await over(first)
    await first.summary()
    for composition, knows in (("desk", True), ("talkative", False)):
        second = await call(stage, subject_id=subject, composition=composition)

        async def recalled(it: Call = second) -> bool:
            return (await known(it)).last_call is not None

        if knows:
            await until(recalled)
            last = (await known(second)).last_call
            assert last is not None and "caller: words 1" in last.body and last.body.startswith("On ")
            [event] = [e for e in await second.events(2) if isinstance(e.payload, ContextChanged)]
            assert event.payload.last_call == last  # type: ignore[union-attr]
        await over(second)
        if not knows:
            assert not await recalled(), "what was said to another desk stays there"
