"""A reviewer's decision on its way to the approval that waits for it, and the approval's own view of itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from temporalio.client import (
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.service import RPCError, RPCStatusCode

from console.sessions import CALL_SECONDS, BackstageUnavailable, Sessions
from contracts.approval import ApprovalView, DecisionReceipt
from contracts.names import VIEW_QUERY, approval_workflow_id
from contracts.records import ApprovalRecord
from policy.arrival import sealable
from store.decisions import append_late

CHANNEL = "console"
UPDATE = "decide_update"
JUDGED_SECONDS = 15.0
"""Judging asks the records, and of an edit the tool itself."""


class NotJudgedYet(Exception):
    """The decision was sent, but no worker has judged it in time. It still may be."""


class Decisions:
    """Speaks to approval workflows. Everything is bounded in time."""

    def __init__(self, sessions: Sessions, engine: Engine) -> None:
        self._sessions = sessions
        self._engine = engine

    async def view(self, approval_id: str) -> ApprovalView | None:
        """How the approval stands, from its workflow; None when nobody answers for it now."""
        try:
            client = await self._sessions.client()
            handle = client.get_workflow_handle(approval_workflow_id(approval_id))
            bound = timedelta(seconds=CALL_SECONDS)
            query = handle.query(VIEW_QUERY, result_type=ApprovalView, rpc_timeout=bound)
            found: ApprovalView = await asyncio.wait_for(query, CALL_SECONDS)
        except (BackstageUnavailable, RPCError, WorkflowQueryFailedError, TimeoutError):
            return None
        return found

    async def decide(self, approval: ApprovalRecord, decision: Mapping[str, Any]) -> DecisionReceipt:
        """What became of it, counted or refused. `decision` is the object of `policy/arrival.py`.

        Raises BackstageUnavailable when it was not sent, NotJudgedYet when nobody has judged it.
        """
        client = await self._sessions.client()
        handle = client.get_workflow_handle(approval_workflow_id(approval.approval_id))
        sent = sealable({**decision, "channel": CHANNEL}, approval.subject_id)
        bound = timedelta(seconds=JUDGED_SECONDS)
        try:
            update = handle.execute_update(UPDATE, sent, result_type=DecisionReceipt, rpc_timeout=bound)
            receipt: DecisionReceipt = await asyncio.wait_for(update, JUDGED_SECONDS)
        except (TimeoutError, WorkflowUpdateRPCTimeoutOrCancelledError) as error:
            raise NotJudgedYet(approval.approval_id) from error
        except WorkflowUpdateFailedError:  # it was closing at that moment
            return await self._too_late(approval, decision)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return await self._too_late(approval, decision)
            if error.status in (RPCStatusCode.UNAVAILABLE, RPCStatusCode.DEADLINE_EXCEEDED, RPCStatusCode.CANCELLED):
                raise BackstageUnavailable(error.message) from error
            raise
        return receipt

    async def _too_late(self, approval: ApprovalRecord, decision: Mapping[str, Any]) -> DecisionReceipt:
        """A workflow that is closed notes nothing any more, so it is noted here."""
        refused = DecisionReceipt(
            number=0,
            reviewer=str(decision["reviewer"]),
            verdict=str(decision["verdict"]),
            accepted=False,
            reason=f"too late: it is {approval.stage.value.replace('_', ' ')} since a while",
            at=datetime.now(UTC),
            channel=CHANNEL,
        )
        return await run_in_threadpool(
            append_late,
            self._engine,
            refused,
            item_id=approval.approval_id,
            workflow_id=approval_workflow_id(approval.approval_id),
            session_id=approval.session_id,
        )
