"""Delegated -> accepted by Temporal, and a reviewer's signal -> first audio of the outcome at the caller.

python -m bench.decision --decisions 20

Reviewers reject here, so that the figure holds the whole way of a decision and no tool's own time.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
from temporalio.client import Client
from temporalio.service import RPCError

from bench.figures import line
from bench.watcher import PATIENCE, Watcher
from contracts.approval import ApprovalStage, ApprovalView
from contracts.base import Content
from contracts.names import VIEW_QUERY, Signal, TaskQueue, approval_workflow_id, new_id, task_workflow_id
from contracts.task import TaskRequest
from workers.caller.caller import Caller
from workers.caller.events import AgentSpeechStarted, now
from workers.caller.front_door import Invitation, ask_for_session
from workers.caller.speech import Speech
from workers.demo.run import settings_of
from workers.settings import load_settings
from workers.stack.stack import Stack
from workers.temporal import connect

SUBJECT = "bench"


async def measure(decisions: int) -> None:
    accepted: list[float] = []
    spoken: list[float] = []
    with tempfile.TemporaryDirectory(prefix="gr-", dir="/tmp") as folder:
        async with Stack.start(data=Path(folder), auto_ports=True) as stack:
            client = await connect(load_settings(**settings_of(stack)), identity="bench")
            async with httpx.AsyncClient() as web:
                orders = (await web.get(f"{stack.address('shop')}/orders")).json()
            order = next(o["order_id"] for o in orders if o["status"] == "delivered")
            watcher = Watcher()
            invitation = await ask_for_session(stack.address("front-door"), composition="support", subject=SUBJECT)
            caller = Caller(invitation, await Speech.load(), on_event=watcher)
            await caller.join()
            await caller.wait_heard(PATIENCE)
            for number in range(1, decisions + 1):
                request = refund(order, invitation)
                begun = time.monotonic()
                await client.start_workflow(
                    "Task", request, id=task_workflow_id(request.task_id), task_queue=TaskQueue.ORCHESTRATION.value
                )
                accepted.append((time.monotonic() - begun) * 1000)
                await caller.wait_heard(PATIENCE)  # a colleague is checking
                approval = await pending(client, request.task_id)
                decided = now()
                decision = {"reviewer": "ann", "verdict": "reject", "digest": approval.request.digest}
                handle = client.get_workflow_handle(approval_workflow_id(approval.request.approval_id))
                await handle.signal(Signal.DECIDE.value, decision)
                heard = await watcher.next(AgentSpeechStarted, decided)
                spoken.append((heard - decided).total_seconds() * 1000)
                print(f"decision {number:3}: accepted after {accepted[-1]:4.0f} ms, outcome after {spoken[-1]:5.0f} ms")
                await caller.wait_heard(PATIENCE)
            await caller.hang_up()
    print(line("delegated -> accepted by Temporal", accepted))
    print(line("decision signal -> first audio of the outcome", spoken))


def refund(order: str, invitation: Invitation) -> TaskRequest:
    wish = f"I want my money back for order {order}, it arrived broken."
    return TaskRequest(
        task_id=new_id("task"),
        session_id=invitation.session_id,
        subject_id=SUBJECT,
        composition="support",
        goal=Content(subject_id=SUBJECT, body=wish),
        conversation=Content(subject_id=SUBJECT, body=f"caller: {wish}"),
        requested_at=datetime.now(UTC),
    )


async def pending(client: Client, task_id: str) -> ApprovalView:
    """The task's pending approval. Raises TimeoutError when none opens."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for call in range(1, 5):
                handle = client.get_workflow_handle(approval_workflow_id(f"{task_id}.s1.{call}"))
                try:
                    view: ApprovalView = await handle.query(VIEW_QUERY, result_type=ApprovalView)
                except RPCError:
                    continue  # no approval of that number: the step may have looked something up first
                if view.stage is ApprovalStage.PENDING:
                    return view
            await asyncio.sleep(0.05)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=20)
    asyncio.run(measure(parser.parse_args().decisions))
