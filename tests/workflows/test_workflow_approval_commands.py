"""`greenroom approvals`, run as a reviewer runs it, against a real Temporal server and real records."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from test_workflow_approval import Gate, gated
from workflow_world import World

from contracts.approval import ApprovalStage
from contracts.task import TaskStage
from workers.settings import ROOT


async def greenroom(stage: World, *arguments: str) -> tuple[int, str]:
    """Exit code and what was printed, both streams."""
    env = {
        **os.environ,
        "COLUMNS": "200",
        "GREENROOM_ENV_FILE": "",
        "GREENROOM_DATABASE_URL": stage.database_url,
        "GREENROOM_TEMPORAL_ADDRESS": stage.client.service_client.config.target_host,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "workers", *arguments),
        env=env,
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, printed.decode()


async def test_a_reviewer_edits_by_command(stage: World) -> None:
    gate = await gated(stage, "pair", amount=240)
    code, printed = await greenroom(
        stage, "approvals", "edit", gate.approval_id, "--reviewer", "ann", "--set", "amount=999"
    )
    assert code == 1 and "refused" in printed and "amount may not be more than was asked for" in printed
    code, printed = await greenroom(
        stage, "approvals", "edit", gate.approval_id, "--reviewer", "ann", "--set", "amount"
    )
    assert code == 1 and "NAME=VALUE" in printed
    code, printed = await greenroom(
        stage, "approvals", "edit", gate.approval_id, "--reviewer", "ann", "--set", "amount=100"
    )
    assert code == 0 and "counted" in printed and "1 of 2" in printed
    code, shown = await greenroom(stage, "approvals", "show", gate.approval_id)
    for part in ("Refund 100 for order 7", "Refund 240 for order 7", "1 of 2 approved by ann", "may be changed"):
        assert part in shown
    code, printed = await greenroom(stage, "approvals", "approve", gate.approval_id, "--reviewer", "ben")
    assert code == 0, printed
    assert (await gate.result()).stage is TaskStage.DONE
    [call] = stage.tools.calls_of(gate.task_id)
    assert json.loads(call.arguments.body) == {"order": "7", "amount": 100}


async def test_a_reviewer_rejects_or_takes_over_by_command(stage: World) -> None:
    gate = await gated(stage)
    why = ("--note", "It is too old.", "--private", "third time this week")
    code, printed = await greenroom(stage, "approvals", "reject", gate.approval_id, "--reviewer", "ann", *why)
    assert code == 0, printed
    assert (await gate.result()).speech.body == "It was not approved. It is too old."
    await gate.handle.result()
    [kept] = stage.records.decisions(gate.approval_id)
    assert kept.remark is not None and kept.remark.body == "third time this week"
    other = await gated(stage)
    code, printed = await greenroom(stage, "approvals", "take-over", other.approval_id, "--reviewer", "ben")
    assert code == 0 and "it is yours now" in printed
    assert (await other.result()).stage is TaskStage.NEEDS_PERSON


async def test_a_decision_about_a_completed_approval_is_noted_however_many_come_at_once(stage: World) -> None:
    gate = await _over(stage)
    before = stage.records.decisions(gate.approval_id)
    many = [
        greenroom(stage, "approvals", "approve", gate.approval_id, "--reviewer", f"late{n}", "--json") for n in range(3)
    ]
    for code, printed in await asyncio.gather(*many):
        assert code == 1, printed
        told: dict[str, Any] = json.loads(printed)
        assert told["accepted"] is False and "too late" in told["reason"] and "already completed" in told["reason"]
    noted = stage.records.decisions(gate.approval_id)[len(before) :]
    assert sorted(d.reviewer for d in noted) == ["late0", "late1", "late2"] and not any(d.accepted for d in noted)
    assert [d.number for d in stage.records.decisions(gate.approval_id)] == list(range(1, len(before) + 4))
    lines = stage.records.audit(f"session-of-{gate.task_id}")
    refused = [line.actor for line in lines if line.action == "decision.refused"]
    assert sorted(refused) == ["reviewer:late0", "reviewer:late1", "reviewer:late2"]
    assert len(stage.tools.calls_of(gate.task_id)) == 1


async def _over(stage: World) -> Gate:
    gate = await gated(stage)
    await gate.decide()
    assert (await gate.result()).stage is TaskStage.DONE
    await gate.record(ApprovalStage.APPROVED)
    await gate.handle.result()
    return gate
