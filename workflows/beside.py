"""What a session starts beside itself: someone to attend each live role, and at its end the summary."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from contracts.attendance import AttendanceStart
    from contracts.composition import Attendance, Role
    from contracts.names import TaskQueue, WorkflowType, attendance_workflow_id, summary_workflow_id
    from contracts.session import SessionStart
    from contracts.summary import SummaryStart


async def attend(start: SessionStart, role: Role, times: Attendance) -> None:
    """Has that role attended. It outlives a run of the session, which may continue as new."""
    await workflow.start_child_workflow(
        WorkflowType.ATTENDANCE.value,
        AttendanceStart(
            session_id=start.session_id,
            room=start.room,
            role=role.name,
            caller_identity=start.caller_identity,
            composition=start.composition,
            subject_id=start.subject_id,
            heartbeat_timeout=times.heartbeat_timeout,
            probe_timeout=times.probe_timeout,
            join_timeout=times.join_timeout,
            pools=(role.name, role.fallback_pool) if role.fallback_pool else (role.name,),
            max_attempts=times.max_attempts,
        ),
        id=attendance_workflow_id(start.session_id, role.name),
        task_queue=TaskQueue.ORCHESTRATION.value,
        parent_close_policy=ParentClosePolicy.ABANDON,
        static_summary=f"Role {role.name} is attended by one agent",
        search_attributes=workflow.info().typed_search_attributes,
    )


async def sum_up(start: SessionStart) -> None:
    """Has the call summed up, once."""
    try:
        await workflow.start_child_workflow(
            WorkflowType.SUMMARY.value,
            SummaryStart(session_id=start.session_id, subject_id=start.subject_id, composition=start.composition),
            id=summary_workflow_id(start.session_id),
            task_queue=TaskQueue.ORCHESTRATION.value,
            parent_close_policy=ParentClosePolicy.ABANDON,
            static_summary="Summary of a call",
            search_attributes=workflow.info().typed_search_attributes,
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.info("the summary is being written already")
