"""The commands that docs/tasks.md and docs/checkpoints.md print, run as a user runs them, against what runs."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import sys
from pathlib import Path

import yaml
from test_workflow_task import answer, plan, step
from test_workflow_task_checkpoint import reviewed
from test_workflow_task_steering import begun
from workflow_world import World

from contracts.task import TaskStage, WaitFor
from workers.settings import ROOT
from workers.stack.servers import binary


def raw_commands(guide: str) -> list[str]:
    """The `temporal` commands of a guide, each on one line."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / guide).read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line.startswith("temporal ")]


async def told(stage: World, *words: str) -> str:
    """Runs a command, which has to end well, and returns what it printed."""
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=ROOT,
        env=os.environ
        | {
            "GREENROOM_TEMPORAL_ADDRESS": stage.client.service_client.config.target_host,
            "GREENROOM_DATABASE_URL": stage.database_url,
            "COLUMNS": "300",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


async def raw(stage: World, printed: str, **named: str) -> str:
    """Runs a printed `temporal` command here: only the server's address is another."""
    for name, value in named.items():
        printed = printed.replace(name, value)
    words = shlex.split(printed)
    return await told(
        stage, binary("temporal"), *words[1:], "--address", stage.client.service_client.config.target_host
    )


async def greenroom(stage: World, *words: str) -> str:
    return await told(stage, sys.executable, "-m", "workers", *words)


async def test_a_task_is_told_by_the_raw_commands(stage: World) -> None:
    cancel, correct, event = raw_commands("tasks.md")
    never = step("s1").model_copy(update={"wait_for": WaitFor(event="paid", seconds=600)})
    task = await begun(stage, plan(never), {})
    await task.at(TaskStage.WAITING)
    stage.models.plans[task.task_id].append(plan(never))
    assert task.task_id in await raw(stage, correct, ID=task.task_id), "an update answers with the task's state"
    await raw(stage, cancel, ID=task.task_id)
    assert (await task.result()).stage is TaskStage.CANCELLED
    other = await begun(stage, plan(never), {"s1": [answer("One.")]})
    await other.at(TaskStage.WAITING)
    await raw(stage, event, ID=other.task_id)
    assert (await other.result()).stage is TaskStage.DONE


async def test_a_plan_is_edited_and_given_back(stage: World, tmp_path: Path) -> None:
    it = await reviewed(stage, "plan", [plan(step("s1"), step("s2", "s1"))], {"s2": [answer("Two.")]})
    looked = await it.looked()
    printed = await greenroom(stage, "checkpoints", "plan", looked.checkpoint_id)
    found = yaml.safe_load(printed)
    assert [s["id"] for s in found["steps"]] == ["s1", "s2"] and "Begun already" in printed
    found["steps"] = [{**found["steps"][1], "depends_on": []}]
    path = tmp_path / "plan.yml"
    path.write_text(yaml.safe_dump(found), encoding="utf-8")
    counted = await greenroom(
        stage, "checkpoints", "redirect", looked.checkpoint_id, "--reviewer", "ann", "--plan", str(path)
    )
    assert "counted" in counted
    assert (await it.result()).speech.body == "Two."
    shown = await greenroom(stage, "tasks", "show", it.task_id)
    assert looked.checkpoint_id in shown and "redirected" in shown and "the plan was edited" in shown


async def test_a_plan_is_given_by_the_raw_command(stage: World) -> None:
    [redirect] = raw_commands("checkpoints.md")
    it = await reviewed(stage, "plan", [plan()], {"s2": [answer("Two.")]})
    looked = await it.looked()
    digest = (await looked.view()).request.digest[:12]
    await raw(stage, redirect, DIGEST=digest, ID=looked.checkpoint_id)
    assert (await it.result()).speech.body == "Two."
