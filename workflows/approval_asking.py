"""What is asked before a decision about an approval is judged."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.records import RecordActivities
    from activities.tools import ToolActivities
    from contracts.approval import ApprovalRequest, Edited, Verdict
    from contracts.records import ReviewerRecord
    from contracts.tools import ToolCall
    from policy.arrival import Arrived
    from workflows import options


async def who(arrived: Arrived) -> tuple[ReviewerRecord | None, list[ReviewerRecord]]:
    """Who decided, and the people to whom it is delegated, as the records know them."""
    if arrived.problem is not None:
        return None, []
    reviewer: ReviewerRecord | None = await workflow.execute_activity_method(
        RecordActivities.reviewer, arrived.reviewer, **options.records("who decided")
    )
    if reviewer is None or arrived.verdict != Verdict.DELEGATE or arrived.to is None:
        return reviewer, []
    delegates = await workflow.execute_activity_method(
        RecordActivities.reviewers_of, arrived.to, **options.records("to whom it is delegated")
    )
    return reviewer, delegates


async def named(deciders: Sequence[str]) -> list[ReviewerRecord]:
    """The people whom those names mean, as the records know them."""
    found: dict[str, ReviewerRecord] = {}
    for to in deciders:
        people = await workflow.execute_activity_method(
            RecordActivities.reviewers_of, to, **options.records(f"who is {to}?")
        )
        found |= {person.name: person for person in people}
    return list(found.values())


async def objection(request: ApprovalRequest, edit: Edited) -> str | None:
    """What the tool has against the edited action; None also if it cannot be asked now, since its call will ask."""
    call = ToolCall(
        call_id=f"{request.approval_id}/edited",
        tool=request.tool,
        arguments=edit.arguments,
        role=request.role,
        composition=request.composition,
        subject_id=request.subject_id,
        session_id=request.session_id,
        task_id=request.task_id,
        step_id=request.step_id,
        idempotency_key=request.approval_id,  # nothing is sent; a call without its key would be refused for that
        approval_id=request.approval_id,
        approved_digest=edit.digest,
    )
    try:
        return await workflow.execute_activity_method(
            ToolActivities.objection, call, **options.question("may it be changed like that?")
        )
    except ActivityError as error:
        workflow.logger.warning("the edit was not shown to the tool: %s", type(error.cause).__name__)
        return None
