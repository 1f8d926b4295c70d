"""How a workflow asks a person into a call."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.composition import Composition
    from contracts.escalation import EscalationRequest
    from contracts.names import WorkflowType, escalation_workflow_id
    from contracts.session import RoleState
    from policy import escalation
    from policy.session import SessionState
    from workflows import options
    from workflows.starting import start_beside


async def escalate(request: EscalationRequest) -> None:
    """Returns once the escalation runs; it outlives who asked. Asked again for the same occasion it is the same one.

    `policy.escalation.request` makes the request; nobody waits for its end, the call is told of it.
    """
    await start_beside(
        WorkflowType.ESCALATION,
        request,
        escalation_workflow_id(request.escalation_id),
        f"A person is asked into call {request.session_id}",
        options.about(request.session_id, request.subject_id, request.composition),
    )


async def for_want_of_an_agent(composition: Composition, call: SessionState, role: RoleState | None) -> None:
    """Where no agent can be had for a role, a person is the last to be asked."""
    if role is not None and (request := escalation.unattended(composition, call, role, workflow.now())) is not None:
        await escalate(request)
