"""What viewers wait for: changes of what waits for a person, and what backstage tells one session."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

from starlette.concurrency import run_in_threadpool
from temporalio.client import WorkflowUpdateFailedError, WorkflowUpdateRPCTimeoutOrCancelledError
from temporalio.contrib.workflow_streams import WorkflowStreamClient
from temporalio.service import RPCError, RPCStatusCode

from console.fanout import Source
from console.sessions import BackstageUnavailable, Sessions
from contracts.names import STAGE_TOPIC, session_workflow_id
from store.errors import StoreError
from store.reader import RecordReader

LOOK_SECONDS = 0.25
_AGAIN_SECONDS = 1.0


def records_changed(reader: RecordReader) -> Source:
    """A database tells nobody that it changed, so one small query looks, for all viewers together."""

    async def source(_: str) -> AsyncIterator[None]:
        known: tuple[int, ...] | None = None
        found: tuple[int, ...] | None
        while True:
            try:
                found = await run_in_threadpool(reader.pulse)
            except StoreError:
                found = known  # the page's own requests tell what is wrong
            if found != known:
                known = found
                yield None
            await asyncio.sleep(LOOK_SECONDS)

    return source


def session_told(sessions: Sessions) -> Source:
    """Each thing that backstage tells the session of that id, across outages; ends when its workflow did."""

    async def source(session_id: str) -> AsyncIterator[None]:
        offset = 0
        while True:
            try:
                stream = WorkflowStreamClient.create(await sessions.client(), session_workflow_id(session_id))
                async for item in stream.subscribe(
                    [STAGE_TOPIC], from_offset=offset, poll_cooldown=timedelta(milliseconds=100)
                ):
                    offset = item.offset + 1
                    yield None
                return
            except RPCError as error:
                if error.status is RPCStatusCode.NOT_FOUND:
                    return
            except (
                BackstageUnavailable,
                RuntimeError,
                WorkflowUpdateFailedError,
                WorkflowUpdateRPCTimeoutOrCancelledError,
            ):
                pass
            await asyncio.sleep(_AGAIN_SECONDS)  # the server is away: nothing tells when it is back

    return source
