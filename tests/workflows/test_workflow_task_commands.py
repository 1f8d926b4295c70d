"""The commands that steer a task, run as a user runs them, against a task that runs."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from test_workflow_task import plan, step
from test_workflow_task_steering import Steered, begun
from workflow_world import World

from contracts.task import TaskStage, WaitFor
from workers.settings import ROOT


async def greenroom(stage: World, *words: str) -> tuple[int, str, str]:
    """Exit code, output and errors."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "workers", "tasks", *words),
        cwd=ROOT,
        env=os.environ
        | {
            "GREENROOM_TEMPORAL_ADDRESS": stage.client.service_client.config.target_host,
            "GREENROOM_DATABASE_URL": stage.records._engine.url.render_as_string(hide_password=False),
            "COLUMNS": "200",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def ordered(task: Steered, kind: str, *words: str) -> dict[str, Any]:
    code, out, err = await greenroom(task.stage, kind, task.task_id, "--by", "ann", "--json", *words)
    told: dict[str, Any] = json.loads(out) if out else {"error": err}
    assert code == (0 if told.get("accepted") else 1), told
    return told


async def test_a_task_is_steered_from_the_command_line(stage: World) -> None:
    # It waits for what never comes: a model that is waited for would be given up before the last command has run.
    never = step("s1").model_copy(update={"wait_for": WaitFor(event="paid")})
    task = await begun(stage, plan(never, step("s2", "s1")), {})
    await task.at(TaskStage.WAITING)
    _, shown, _ = await greenroom(stage, "show", task.task_id)
    assert f"greenroom tasks cancel {task.task_id}" in shown and "workflow signal" in shown
    assert (await ordered(task, "suspend"))["accepted"]
    assert "suspended already" in (await ordered(task, "suspend"))["reason"]
    await task.at(TaskStage.SUSPENDED)
    assert (await ordered(task, "resume"))["stage"] == "suspended"
    assert (await ordered(task, "extend", "--seconds", "60"))["accepted"]
    assert "more than 0" in (await ordered(task, "extend", "--seconds", "-1"))["reason"]
    assert "needs words" in (await ordered(task, "correct", "--words", " "))["reason"]
    code, out, _ = await greenroom(stage, "cancel", task.task_id, "--by", "ann", "--why", "the caller hung up")
    assert code == 0 and "counted" in out
    assert (await task.result()).stage is TaskStage.CANCELLED
    code, out, _ = await greenroom(stage, "cancel", task.task_id, "--by", "ben")
    assert code == 1 and "the task has ended: its outcome stands" in out
    assert await task.audited("task.cancel.counted") == [None]
    assert await task.audited("task.cancel.refused") == ["the task has ended: its outcome stands"]
    code, _, err = await greenroom(stage, "cancel", "no-such-task", "--by", "ann")
    assert code == 1 and "no task 'no-such-task'" in err and "Traceback" not in err
