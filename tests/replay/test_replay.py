"""Histories of every workflow type replay on today's code: a change that would break running workflows fails here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from contracts.names import WorkflowType
from contracts.summary import SummaryStart
from workers.durable import WORKFLOWS
from workers.temporal import data_converter

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))
FIX = "record them with: python -m tests.replay.record"


def recorded(path: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(path.stem, path.read_text(encoding="utf-8"))


def test_every_workflow_type_has_a_history() -> None:
    types = {_type(path) for path in HISTORIES}
    assert types == {kind.value for kind in WorkflowType}, FIX


@pytest.mark.parametrize("path", HISTORIES, ids=lambda path: path.stem)
async def test_a_history_replays(path: Path) -> None:
    await Replayer(workflows=list(WORKFLOWS), data_converter=data_converter()).replay_workflow(recorded(path))


async def test_a_changed_workflow_is_caught() -> None:
    """The same name with other steps: the replayer must see it, or the tests above prove nothing."""
    [path] = [path for path in HISTORIES if path.stem == "summary"]
    with pytest.raises(NondeterminismError):
        await Replayer(workflows=[OtherSummary], data_converter=data_converter()).replay_workflow(recorded(path))


@workflow.defn(name=WorkflowType.SUMMARY.value, sandboxed=False)
class OtherSummary:
    @workflow.run
    async def run(self, start: SummaryStart) -> None:
        await workflow.sleep(1)


def test_histories_stay_small() -> None:
    assert all(path.stat().st_size < 200_000 for path in HISTORIES)


def _type(path: Path) -> str:
    events = json.loads(path.read_text(encoding="utf-8"))["events"]
    name: str = events[0]["workflowExecutionStartedEventAttributes"]["workflowType"]["name"]
    return name
