"""A plan that a reviewer edits: printed as YAML, and read back."""

from __future__ import annotations

import asyncio
import getpass
from pathlib import Path

import yaml
from temporalio.client import WorkflowQueryFailedError
from temporalio.service import RPCError

from contracts.checkpoint import CheckpointView
from contracts.names import VIEW_QUERY, checkpoint_workflow_id
from policy import redirect
from workers.errors import GreenroomError
from workers.sending import ANSWER_SECONDS
from workers.settings import Settings
from workers.temporal import connect_to_send


async def plan_to_edit(settings: Settings, checkpoint_id: str) -> str:
    """What has not run yet of the plan that waits there. Raises GreenroomError when its workflow does not tell."""
    client = await connect_to_send(settings, by=getpass.getuser(), what="question")
    handle = client.get_workflow_handle(checkpoint_workflow_id(checkpoint_id))
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            view: CheckpointView = await handle.query(VIEW_QUERY, result_type=CheckpointView)
    except (TimeoutError, RPCError, WorkflowQueryFailedError) as error:
        raise GreenroomError(
            f"checkpoint {checkpoint_id} does not tell its plan: is a durable worker running, and is it still kept?"
        ) from error
    begun = ", ".join(step.step_id for step in view.request.standing) or "none"
    head = (
        f"# What has not run yet of task {view.request.task_id}. Drop, reorder or change steps, or add some.\n"
        f"# Begun already, and not to be listed (steps may depend on them): {begun}\n"
    )
    return head + yaml.safe_dump(redirect.to_edit(view.request.ahead), sort_keys=False, allow_unicode=True, width=100)


def read_plan(path: Path) -> object:
    """The plan in that file, YAML or JSON; what it means is judged later. Raises GreenroomError for what is none."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise GreenroomError(f"{path} cannot be read as YAML or JSON: {error}") from error
    if not isinstance(found, dict):
        raise GreenroomError(
            f"{path} holds no plan: it begins with 'steps:', as 'greenroom checkpoints plan' prints it"
        )
    return found
