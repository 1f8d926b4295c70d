"""What a session starts beside itself: someone to attend each live role, and at its end the summary."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.attendance import AttendanceStart
    from contracts.composition import Attendance, Role
    from contracts.names import WorkflowType, attendance_workflow_id, summary_workflow_id
    from contracts.session import SessionStart
    from contracts.summary import SummaryStart
    from workflows.starting import start_beside


async def attend(start: SessionStart, role: Role, times: Attendance) -> None:
    """Has that role attended. It outlives a run of the session, which may continue as new."""
    await start_beside(
        WorkflowType.ATTENDANCE,
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
        attendance_workflow_id(start.session_id, role.name),
        f"Role {role.name} is attended by one agent",
    )


async def sum_up(start: SessionStart) -> None:
    """Has the call summed up, once."""
    await start_beside(
        WorkflowType.SUMMARY,
        SummaryStart(session_id=start.session_id, subject_id=start.subject_id, composition=start.composition),
        summary_workflow_id(start.session_id),
        "Summary of a call",
    )
