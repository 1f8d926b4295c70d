"""Starts and signals session workflows. Idempotent: the same session twice is one workflow."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from contracts.base import Contract
from contracts.names import Signal, TaskQueue, WorkflowType, session_workflow_id
from contracts.session import SessionStart

CALL_SECONDS = 4.0
"""Bound of one call. `rpc_timeout` alone does not bound it while the server is down."""


class BackstageUnavailable(Exception):
    """Temporal did not answer in time; nothing is known to have happened."""


class SessionOver(Exception):
    """That session ran and has ended."""


class Sessions:
    """`connect` gives a Temporal client; it is asked again until it succeeded once."""

    def __init__(self, connect: Callable[[], Awaitable[Client]]) -> None:
        self._connect = connect
        self._client: Client | None = None
        self._connecting = asyncio.Lock()

    async def client(self) -> Client:
        """Raises BackstageUnavailable."""
        async with self._connecting:
            if self._client is None:
                self._client = await self._bounded(self._connect())
            return self._client

    async def start(self, start: SessionStart) -> None:
        """Raises BackstageUnavailable, or SessionOver when that session has ended."""
        client = await self.client()
        try:
            await self._bounded(
                client.start_workflow(
                    WorkflowType.SESSION,
                    start,
                    id=session_workflow_id(start.session_id),
                    task_queue=TaskQueue.ORCHESTRATION,
                    id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                    id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                    static_summary="a call",
                    rpc_timeout=timedelta(seconds=CALL_SECONDS),
                )
            )
        except WorkflowAlreadyStartedError as error:
            raise SessionOver(start.session_id) from error

    async def signal(self, session_id: str, signal: Signal, argument: Contract) -> None:
        """Raises BackstageUnavailable, or SessionOver when there is no such session running."""
        handle = (await self.client()).get_workflow_handle(session_workflow_id(session_id))
        try:
            await self._bounded(handle.signal(signal, argument, rpc_timeout=timedelta(seconds=CALL_SECONDS)))
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                raise SessionOver(session_id) from error
            raise

    async def answers(self) -> bool:
        """Whether Temporal answers now."""
        try:
            client = await self.client()
            return bool(await self._bounded(client.service_client.check_health(timeout=timedelta(seconds=2))))
        except BackstageUnavailable:
            return False

    async def _bounded(self, call: Awaitable[Any]) -> Any:
        try:
            return await asyncio.wait_for(call, CALL_SECONDS)
        except (TimeoutError, RuntimeError) as error:  # a client that cannot connect raises RuntimeError
            raise BackstageUnavailable(str(error) or type(error).__name__) from error
        except RPCError as error:
            if error.status in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
                raise BackstageUnavailable(error.message) from error
            raise
