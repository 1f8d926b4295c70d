"""Sends a reviewer's decision to an approval, and learns what became of it."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel
from temporalio.client import Client, WorkflowHandle, WorkflowQueryFailedError
from temporalio.service import RPCError, RPCStatusCode

from contracts.approval import ApprovalView, DecisionReceipt, Verdict
from contracts.names import VIEW_QUERY, Signal, approval_workflow_id, new_id
from contracts.records import ApprovalRecord, AuditRecord, DecisionRecord
from store.decisions import append_decision
from store.engine import open_engine
from store.errors import StoreError
from workers.errors import GreenroomError
from workers.settings import Settings
from workers.stack.servers import binary
from workers.temporal import connect

CHANNEL = "cli"
ANSWER_SECONDS = 15.0
CALL_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.1


class Ruling(BaseModel):
    """What became of a decision."""

    accepted: bool
    reason: str
    number: int | None = None


def current_digest(approval: ApprovalRecord) -> str:
    """Of the action that is to be decided now: as asked, or as a reviewer changed it since."""
    return approval.edited_digest or approval.digest


def arguments_of(approval: ApprovalRecord) -> dict[str, Any]:
    """The arguments of that action."""
    known: dict[str, Any] = json.loads((approval.edited_arguments or approval.arguments).body)
    return known


def assignments(changes: Sequence[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """`name=value` words as arguments: a text stays a text where one was, everything else is read as JSON if it is.

    Raises GreenroomError for a word that is no assignment.
    """
    found: dict[str, Any] = {}
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals or not name.strip():
            raise GreenroomError(f"--set {change!r}: write NAME=VALUE, e.g. --set amount=100")
        found[name.strip()] = value if isinstance(known.get(name.strip()), str) else _read(value)
    return found


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def message(
    approval: ApprovalRecord,
    reviewer: str,
    verdict: Verdict,
    note: str | None,
    digest: str | None,
    more: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The one JSON object that the signal carries; `more` is what some verdicts need beside, such as `seconds`."""
    sent: dict[str, object] = {
        "reviewer": reviewer,
        "verdict": verdict.value,
        "digest": digest or current_digest(approval),
        "channel": CHANNEL,
    }
    return {**(more or {}), **sent, **({"note": note} if note else {})}


def signal_command(settings: Settings, approval: ApprovalRecord, reviewer: str, verdict: Verdict) -> str:
    """The same decision with the plain Temporal CLI."""
    decision = {"reviewer": reviewer, "verdict": verdict.value, "digest": current_digest(approval)[:12]}
    words = (
        *(binary("temporal"), "workflow", "signal"),
        *("--address", settings.temporal_address, "--namespace", settings.temporal_namespace),
        *("--workflow-id", approval_workflow_id(approval.approval_id)),
        *("--name", Signal.DECIDE.value, "--input", json.dumps(decision, separators=(",", ":"))),
    )
    return shlex.join(words)


async def decide(
    settings: Settings,
    approval: ApprovalRecord,
    reviewer: str,
    verdict: Verdict,
    *,
    note: str | None = None,
    digest: str | None = None,
    more: Mapping[str, object] | None = None,
) -> Ruling:
    """Sends the decision by signal and waits until it was judged.

    Raises GreenroomError when Temporal does not take it, or nobody judged it in time (it still may be, later).
    """
    try:
        async with asyncio.timeout(CALL_SECONDS):
            client = await connect(settings, identity=f"greenroom-cli/{reviewer}")
    except (TimeoutError, RuntimeError) as error:
        raise GreenroomError(
            f"Temporal does not answer at {settings.temporal_address}: start it (make dev), "
            "or correct GREENROOM_TEMPORAL_ADDRESS. The decision was not sent"
        ) from error
    handle = client.get_workflow_handle(approval_workflow_id(approval.approval_id))
    known = await _receipts(handle)
    sent = message(approval, reviewer, verdict, note, digest, more)
    try:
        async with asyncio.timeout(CALL_SECONDS):
            await handle.signal(Signal.DECIDE.value, sent)
    except TimeoutError as error:
        raise GreenroomError("Temporal did not confirm the decision in time: look with 'approvals show'") from error
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise GreenroomError(f"Temporal refused the signal: {error.message}") from error
        return _refused_by_server(settings, approval, reviewer, verdict, error.message)
    return await _judged(client, handle, after=len(known or ()), reviewer=reviewer)


async def _receipts(handle: WorkflowHandle[object, object]) -> tuple[DecisionReceipt, ...] | None:
    """None when nobody answers the query now."""
    try:
        async with asyncio.timeout(CALL_SECONDS):
            view: ApprovalView = await handle.query(VIEW_QUERY, result_type=ApprovalView)
    except (TimeoutError, RPCError, WorkflowQueryFailedError):
        return None
    return view.receipts


async def _judged(client: Client, handle: WorkflowHandle[object, object], *, after: int, reviewer: str) -> Ruling:
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
            "It will be judged when one is; look with 'greenroom approvals show'"
        ) from error


def _refused_by_server(
    settings: Settings, approval: ApprovalRecord, reviewer: str, verdict: Verdict, reason: str
) -> Ruling:
    """A decision about an approval that is closed: the workflow cannot note it any more, so it is noted here."""
    now = datetime.now(UTC)
    refused = DecisionRecord(
        approval_id=approval.approval_id,
        number=0,
        reviewer=reviewer,
        verdict=verdict.value,
        accepted=False,
        reason=f"too late: {reason}",
        channel=CHANNEL,
        at=now,
    )
    audit = AuditRecord(
        entry_id=new_id("audit"),
        session_id=approval.session_id,
        at=now,
        actor=f"reviewer:{reviewer}",
        action="decision.refused",
        target=approval_workflow_id(approval.approval_id),
        detail={"verdict": verdict.value, "reason": refused.reason, "signed": False},
    )
    try:
        engine = open_engine(settings.database_url)
        try:
            number = append_decision(engine, refused, audit)
        finally:
            engine.dispose()
    except StoreError as error:
        raise GreenroomError(f"refused by Temporal ({reason}), and not noted in the records: {error}") from error
    return Ruling(accepted=False, reason=refused.reason, number=number)
