"""Sends a reviewer's decision to whatever waits for it, and learns what became of it."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel
from temporalio.client import WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from contracts.approval import DecisionReceipt
from contracts.names import VIEW_QUERY, Signal
from policy.arrival import sealable
from store.decisions import append_late
from store.errors import StoreError
from workers.errors import GreenroomError
from workers.settings import Settings
from workers.stack.servers import binary
from workers.temporal import connect_to_send
from workers.vault import opened_store

CHANNEL = "cli"
ANSWER_SECONDS = 15.0
CALL_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.1


class Ruling(BaseModel):
    """What became of a decision."""

    accepted: bool
    reason: str
    number: int | None = None


@dataclass(frozen=True)
class Addressee:
    """`item_id` is what the records know it by; `look` is the command that shows it."""

    workflow_id: str
    item_id: str
    session_id: str
    subject_id: str
    look: str


class _View(BaseModel):
    """As much as is needed of the answer to any reviewed workflow's query."""

    receipts: tuple[DecisionReceipt, ...] = ()
    review: _View | None = None


def raw_command(settings: Settings, workflow_id: str, decision: Mapping[str, object]) -> str:
    """The same decision with the plain Temporal CLI."""
    words = (
        *(binary("temporal"), "workflow", "signal"),
        *("--address", settings.temporal_address, "--namespace", settings.temporal_namespace),
        *("--workflow-id", workflow_id),
        *("--name", Signal.DECIDE.value, "--input", json.dumps(decision, separators=(",", ":"))),
    )
    return shlex.join(words)


async def send(settings: Settings, to: Addressee, decision: Mapping[str, object]) -> Ruling:
    """Sends the decision (`reviewer`, `verdict` and more) by signal and waits until it was judged.

    Raises GreenroomError when Temporal does not take it, or nobody judged it in time (it still may be, later).
    """
    reviewer = str(decision["reviewer"])
    client = await connect_to_send(settings, by=reviewer, what="decision")
    handle = client.get_workflow_handle(to.workflow_id)
    known = await _receipts(handle)
    try:
        async with asyncio.timeout(CALL_SECONDS):
            await handle.signal(Signal.DECIDE.value, sealable(decision, to.subject_id))
    except TimeoutError as error:
        raise GreenroomError(f"Temporal did not confirm the decision in time: look with '{to.look}'") from error
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise GreenroomError(f"Temporal refused the signal: {error.message}") from error
        return _refused_by_server(settings, to, reviewer, str(decision["verdict"]), error.message)
    return await _judged(handle, to, after=len(known or ()), reviewer=reviewer)


async def _receipts(handle: WorkflowHandle[object, object]) -> tuple[DecisionReceipt, ...] | None:
    """None when nobody answers the query now."""
    try:
        async with asyncio.timeout(CALL_SECONDS):
            view: _View = await handle.query(VIEW_QUERY, result_type=_View)
    except (TimeoutError, RPCError, WorkflowQueryFailedError):
        return None
    return view.review.receipts if view.review is not None else view.receipts


async def _judged(handle: WorkflowHandle[object, object], to: Addressee, *, after: int, reviewer: str) -> Ruling:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            while True:
                for receipt in (await _receipts(handle) or ())[after:]:
                    if (receipt.reviewer, receipt.channel) == (reviewer, CHANNEL):
                        return Ruling(accepted=receipt.accepted, reason=receipt.reason, number=receipt.number)
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)  # a query answers once; there is nothing to wait on
    except TimeoutError as error:
        raise GreenroomError(
            "the decision was sent, but nobody has judged it yet: is a durable worker running? "
            f"It will be judged when one is; look with '{to.look}'"
        ) from error


def _refused_by_server(settings: Settings, to: Addressee, reviewer: str, verdict: str, reason: str) -> Ruling:
    """A decision about what is closed: its workflow cannot note it any more, so it is noted here."""
    refused = DecisionReceipt(
        number=0,
        reviewer=reviewer,
        verdict=verdict,
        accepted=False,
        reason=f"too late: {reason}",
        at=datetime.now(UTC),
        channel=CHANNEL,
    )
    try:
        with opened_store(settings) as engine:
            noted = append_late(
                engine, refused, item_id=to.item_id, workflow_id=to.workflow_id, session_id=to.session_id
            )
    except StoreError as error:
        raise GreenroomError(f"refused by Temporal ({reason}), and not noted in the records: {error}") from error
    return Ruling(accepted=False, reason=noted.reason, number=noted.number)
