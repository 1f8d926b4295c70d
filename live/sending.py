"""One message of a call, on its way to Temporal. Beside `bridge.py` no module of `live/` knows Temporal."""

from __future__ import annotations

import base64
import contextlib

from temporalio.api.common.v1 import Payloads, WorkflowExecution
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest
from temporalio.client import AsyncActivityCancelledError, Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.converter import WorkflowSerializationContext
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from contracts import names
from contracts.attendance import AttendResult
from contracts.audit import AuditRecord, AuditStart
from contracts.delivery import DeliveryReport
from contracts.escalation import EscalationRequest
from contracts.review import OPEN
from contracts.session import CallerChanged, Turn
from contracts.task import TaskOrder, TaskRequest, TaskStage
from contracts.tools import ToolRefused
from live.outbox import Away, Refused
from live.spool import Outgoing

FINAL = (
    RPCStatusCode.NOT_FOUND,
    RPCStatusCode.INVALID_ARGUMENT,
    RPCStatusCode.ALREADY_EXISTS,
    RPCStatusCode.FAILED_PRECONDITION,
    RPCStatusCode.PERMISSION_DENIED,
    RPCStatusCode.UNIMPLEMENTED,
)
"""What Temporal will never take: to try it again is of no use."""


async def send(client: Client, item: Outgoing) -> None:
    """One message on its way. Raises Away when it may be tried again, Refused when that is of no use."""
    try:
        match item.kind:
            case "task":
                request = TaskRequest.model_validate_json(item.body)
                await _start(client, item, names.WorkflowType.TASK, request, ("TaskState", TaskStage.PLANNING.value))
            case "escalation":
                asked = EscalationRequest.model_validate_json(item.body)
                await _start(client, item, names.WorkflowType.ESCALATION, asked, ("ReviewState", OPEN))
            case "order":
                await _order(client, item)
            case "complete":
                result = AttendResult.model_validate_json(item.body)
                await client.get_async_activity_handle(task_token=base64.b64decode(item.target)).complete(result)
            case "turn":
                turn = Turn.model_validate_json(item.body)
                await client.get_workflow_handle(item.target).signal(names.Signal.TURN_ENDED.value, turn)
            case "caller":
                change = CallerChanged.model_validate_json(item.body)
                await client.get_workflow_handle(item.target).signal(names.Signal.CALLER_CHANGED.value, change)
            case "refused":
                refusal = ToolRefused.model_validate_json(item.body)
                await client.get_workflow_handle(item.target).signal(names.Signal.TOOL_REFUSED.value, refusal)
            case "audit":
                await _note(client, item)
            case "report":
                report = DeliveryReport.model_validate_json(item.body)
                await client.get_workflow_handle(item.target).signal(names.Signal.REPORT.value, report)
    except AsyncActivityCancelledError as error:
        raise Refused("the attendance was cancelled") from error
    except RPCError as error:
        raise (Refused if error.status in FINAL else Away)(error.status.name) from error
    except RuntimeError as error:  # a lazy client that cannot connect
        raise Away(type(error).__name__) from error


async def _note(client: Client, item: Outgoing) -> None:
    entry = AuditRecord.model_validate_json(item.body)
    await client.start_workflow(
        names.WorkflowType.AUDIT.value,
        AuditStart(session_id=entry.session_id),
        id=item.target,
        task_queue=names.TaskQueue.ORCHESTRATION.value,
        start_signal=names.Signal.NOTE.value,
        start_signal_args=[entry],
        static_summary=f"Audit trail of session {entry.session_id}",
        search_attributes=_found_by(("SessionId", entry.session_id)),
    )


def _found_by(*values: tuple[str, str]) -> TypedSearchAttributes:
    return TypedSearchAttributes([SearchAttributePair(SearchAttributeKey.for_keyword(n), value) for n, value in values])


async def _order(client: Client, item: Outgoing) -> None:
    """A signal under the message's own id, which the client's method would draw anew: sent twice, it counts once."""
    order = TaskOrder.model_validate_json(item.body)
    place = WorkflowSerializationContext(namespace=client.namespace, workflow_id=item.target)
    payloads = await client.data_converter.with_context(place).encode([order.order])
    await client.workflow_service.signal_workflow_execution(
        SignalWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=item.target),
            signal_name=order.kind.value,
            input=Payloads(payloads=payloads),
            identity=client.identity,
            request_id=item.item_id,
        )
    )


async def _start(
    client: Client,
    item: Outgoing,
    kind: names.WorkflowType,
    request: TaskRequest | EscalationRequest,
    state: tuple[str, str],
) -> None:
    known = ("Composition", request.composition), ("SubjectId", request.subject_id)
    # Already started: an earlier sending arrived, and the id makes them one.
    with contextlib.suppress(WorkflowAlreadyStartedError):
        await client.start_workflow(
            kind.value,
            request,
            id=item.target,
            task_queue=names.TaskQueue.ORCHESTRATION.value,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            static_summary=f"{kind.value} of session {request.session_id}",
            search_attributes=_found_by(("SessionId", request.session_id), *known, state),
        )
