"""A call that ended is summed up, however long it was."""

from __future__ import annotations

import json
from datetime import timedelta

from test_workflow_session import T0, call
from workflow_world import World, words

from contracts.names import TaskQueue, WorkflowType, new_id, summary_workflow_id
from contracts.records import TurnRecord
from contracts.session import CallerPresence, Speaker, Turn
from contracts.summary import Summary, SummaryStart

KINDS = {"summary", "decisions", "action_items", "open_questions", "promises"}


async def summed_up(stage: World, turns: int) -> str:
    """Sums up a call of so many turns; its session id."""
    session_id = new_id("session")
    spoken = [
        Turn(
            turn_id=f"t{n}",
            session_id=session_id,
            epoch=1,
            role="voice",
            speaker=Speaker.CALLER if n % 2 else Speaker.AGENT,
            text=words(f"These are the words of turn number {n}."),
            started_at=T0 + timedelta(seconds=n),
            ended_at=T0 + timedelta(seconds=n),
        )
        for n in range(turns)
    ]
    stage.write(*(TurnRecord(turn=t) for t in spoken))
    await stage.client.execute_workflow(
        WorkflowType.SUMMARY.value,
        SummaryStart(session_id=session_id, subject_id="subject-1", composition="desk"),
        id=summary_workflow_id(session_id),
        task_queue=TaskQueue.ORCHESTRATION.value,
    )
    return session_id


async def test_a_long_call_is_summed_up_in_pieces_across_runs(forgetful_stage: World) -> None:
    stage = forgetful_stage
    session_id = await summed_up(stage, 1500)
    requests = stage.models.summarized[session_id]
    pieces = sorted((r for r in requests if r.turns), key=lambda r: r.turns[0].started_at)
    assert [t.turn_id for r in pieces for t in r.turns] == [f"t{n}" for n in range(1500)], "each turn is read once"
    together = [len(r.parts) for r in requests if not r.turns]
    assert len(pieces) > 5 and sum(together) - len(together) == len(pieces) - 1, "all of them became one"
    artifacts = {a.kind: a for a in stage.records.artifacts(session_id)}
    assert set(artifacts) == KINDS
    summary = Summary.model_validate_json(artifacts["summary"].body.body)
    assert "words of turn number 0." in summary.summary.body and "turn number 1499." in summary.summary.body
    runs = [w async for w in stage.client.list_workflows(f"WorkflowId='{summary_workflow_id(session_id)}'")]
    assert len(runs) > 1, "it continued as new on its way"


async def test_a_call_in_which_nothing_was_said_is_summed_up_too(stage: World) -> None:
    it = await call(stage)
    await it.caller(CallerPresence.GONE)
    await it.ended()
    await it.summary()
    artifacts = {a.kind: a.body.body for a in stage.records.artifacts(it.session_id)}
    assert set(artifacts) == KINDS and json.loads(artifacts["decisions"]) == []
