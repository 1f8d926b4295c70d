"""How a workflow asks a person into a call."""

from __future__ import annotations

from temporalio import workflow
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from contracts.composition import Composition
    from contracts.escalation import EscalationRequest
    from contracts.names import TaskQueue, WorkflowType, escalation_workflow_id
    from contracts.session import RoleState
    from policy import escalation
    from policy.session import SessionState
    from workflows import options


async def escalate(request: EscalationRequest) -> None:
    """Returns once the escalation runs; it outlives who asked. Asked again for the same occasion it is the same one.

    `policy.escalation.request` makes the request; nobody waits for its end, the call is told of it.
    """
    try:
        await workflow.start_child_workflow(
            WorkflowType.ESCALATION.value,
            request,
            id=escalation_workflow_id(request.escalation_id),
            task_queue=TaskQueue.ORCHESTRATION.value,
            parent_close_policy=ParentClosePolicy.ABANDON,
            static_summary=f"A person is asked into call {request.session_id}",
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(options.SESSION, request.session_id),
                    SearchAttributePair(options.SUBJECT, request.subject_id),
                    SearchAttributePair(options.COMPOSITION, request.composition),
                ]
            ),
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.info("escalation %s is open already", request.escalation_id)


async def for_want_of_an_agent(composition: Composition, call: SessionState, role: RoleState | None) -> None:
    """Where no agent can be had for a role, a person is the last to be asked."""
    if role is not None and (request := escalation.unattended(composition, call, role, workflow.now())) is not None:
        await escalate(request)
