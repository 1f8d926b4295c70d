"""The front door as its own process before a real LiveKit and a real Temporal server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from livekit import rtc
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from contracts.names import TaskQueue, session_workflow_id
from contracts.session import CallerChanged, CallerPresence, SessionEnd, SessionStart
from workers.caller.front_door import Invitation, ask_for_session
from workers.demo.run import settings_of
from workers.settings import load_settings
from workers.stack.stack import Stack
from workers.temporal import connect

pytestmark = pytest.mark.stack


@workflow.defn(name="Session")
class NotedSession:
    """Stands for the session workflow: notes what it is told, and ends when its room did."""

    @workflow.init
    def __init__(self, start: SessionStart) -> None:
        self._seen: list[str] = []
        self._ended = False

    @workflow.run
    async def run(self, start: SessionStart) -> list[str]:
        await workflow.wait_condition(lambda: self._ended, timeout=timedelta(minutes=2))
        return self._seen

    @workflow.signal
    def caller_changed(self, change: CallerChanged | None = None) -> None:
        if change is not None:
            self._seen.append(change.presence.value)

    @workflow.signal
    def end(self, end: SessionEnd | None = None) -> None:
        self._ended = True

    @workflow.query
    def seen(self) -> list[str]:
        return self._seen


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    data: Path = tmp_path_factory.mktemp("front-door")
    async with Stack.start(data=data, auto_ports=True, only={"front-door"}) as started:
        yield started


@pytest.fixture(scope="module")
async def client(stack: Stack) -> AsyncIterator[Client]:
    connected = await connect(load_settings(**settings_of(stack)), identity="tests")
    runner = UnsandboxedWorkflowRunner()  # the sandbox would import this whole test again
    queue = TaskQueue.ORCHESTRATION
    async with Worker(connected, task_queue=queue, workflows=[NotedSession], workflow_runner=runner):
        yield connected


def door(stack: Stack) -> str:
    return stack.env["GREENROOM_FRONT_DOOR_URL"]


async def noted(client: Client, session_id: str, wanted: list[str]) -> None:
    """Until the session was told exactly that. Webhooks are asynchronous, and a query is the only way to look."""
    handle = client.get_workflow_handle(session_workflow_id(session_id))
    async with asyncio.timeout(30):
        while (seen := await handle.query("seen")) != wanted:
            assert len(seen) <= len(wanted), seen
            await asyncio.sleep(0.1)


async def enter(invitation: Invitation) -> rtc.Room:
    room = rtc.Room()
    await room.connect(invitation.url, invitation.token)
    return room


async def test_a_call_from_asking_to_hanging_up(stack: Stack, client: Client) -> None:
    invitation = await ask_for_session(door(stack), composition="support", subject="p1")
    handle = client.get_workflow_handle(session_workflow_id(invitation.session_id))
    assert (await handle.describe()).status is not None
    room = await enter(invitation)
    await noted(client, invitation.session_id, [CallerPresence.PRESENT])
    await room.disconnect()
    await noted(client, invitation.session_id, [CallerPresence.PRESENT, CallerPresence.GONE])


async def test_coming_back_on_the_same_identity_is_no_loss(stack: Stack, client: Client) -> None:
    invitation = await ask_for_session(door(stack), composition="support", subject="p2")
    first = await enter(invitation)
    second = await enter(invitation)
    await noted(client, invitation.session_id, [CallerPresence.PRESENT, CallerPresence.PRESENT])
    await second.disconnect()
    await noted(client, invitation.session_id, [CallerPresence.PRESENT, CallerPresence.PRESENT, CallerPresence.GONE])
    await first.disconnect()


async def test_one_key_is_one_workflow(stack: Stack, client: Client) -> None:
    ids = {
        (await ask_for_session(door(stack), composition="support", subject="p3", idempotency_key="k")).session_id
        for _ in range(3)
    }
    assert len(ids) == 1
    history = await client.get_workflow_handle(session_workflow_id(ids.pop())).fetch_history()
    assert history.events


async def test_temporal_away_and_back(stack: Stack, client: Client) -> None:
    async with httpx.AsyncClient(base_url=door(stack), timeout=15) as http:
        body = {"composition": "support", "subject": "p4"}
        await stack.down("temporal")
        try:
            refused = await http.post("/sessions", json=body)
            health = (await http.get("/health")).json()
        finally:
            await stack.up("temporal")
        assert refused.status_code == 503 and "GREENROOM_TEMPORAL_ADDRESS" in refused.json()["detail"]
        assert health["ready"] and health["checks"]["temporal"] != "ok" and health["checks"]["database"] == "ok"
        statuses = [503]
        while statuses[-1] == 503 and len(statuses) < 20:
            statuses.append((await http.post("/sessions", json=body)).status_code)
        assert statuses[-1] == 201
