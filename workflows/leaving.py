"""How a call is left: whom a session tells that nobody is on the line, and what it still waits for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.mailbox import MailboxActivities
    from activities.rooms import RoomActivities
    from contracts.attendance import RoomRequest
    from contracts.composition import Role
    from contracts.delivery import Presence
    from contracts.names import Signal, attendance_workflow_id
    from contracts.session import CallerPresence, RoleHealth
    from policy.session import SessionState
    from workflows import options, recording


async def tell_inbox(state: SessionState, voice: str, *, present: bool) -> None:
    """Tells the subject's inbox whether the role `voice` can speak to the caller now."""
    attending = state.role(voice)
    await workflow.execute_activity_method(
        MailboxActivities.presence,
        Presence(
            session_id=state.start.session_id,
            subject_id=state.start.subject_id,
            present=present,
            epoch=attending.epoch if attending else 0,
            vanished=not present and state.caller is not CallerPresence.GONE,
        ),
        **options.records("the caller can be spoken to" if present else "the caller is gone"),
    )


async def tell_roles(session_id: str, roles: Sequence[Role]) -> None:
    """Has every agent leave."""
    for role in roles:
        await recording.tell(attendance_workflow_id(session_id, role.name), Signal.LEAVE)


async def last_turns(state: Callable[[], SessionState]) -> None:
    """Agents send their last turn as they leave; the call is not closed before each has left, or a short while."""
    try:
        await workflow.wait_condition(
            lambda: all(r.health in (RoleHealth.LEFT, RoleHealth.FAILED) for r in state().roles),
            timeout=timedelta(seconds=5),
            timeout_summary="agents leave",
        )
    except TimeoutError:
        workflow.logger.info("not every agent said that it left")


async def close_room(room: str) -> None:
    try:
        await workflow.execute_activity_method(
            RoomActivities.close, RoomRequest(room=room), **options.rooms("close the room")
        )
    except ActivityError as error:
        # An empty room closes itself; the records and the summary of the call do not write themselves.
        workflow.logger.warning("the room was not closed: %s", type(error.cause).__name__)
