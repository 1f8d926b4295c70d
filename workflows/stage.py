"""The stream of a call's events, which the room follows."""

from __future__ import annotations

from temporalio import workflow
from temporalio.contrib.workflow_streams import WorkflowStream

with workflow.unsafe.imports_passed_through():
    from contracts.events import Event, EventPayload
    from contracts.names import STAGE_TOPIC
    from policy import session as policy

KEPT_EVENTS = 200


class Stage:
    """Numbers events by what the session's state has published so far, and keeps the newest ones."""

    def __init__(self, stream: WorkflowStream) -> None:
        self._stream = stream
        self._topic = stream.topic(STAGE_TOPIC, type=Event)

    def publish(self, state: policy.SessionState, payload: EventPayload) -> policy.SessionState:
        """The state after the event."""
        after = policy.with_payload(state, payload)
        self._topic.publish(
            Event(
                event_id=f"{after.start.session_id}.{after.published}",
                session_id=after.start.session_id,
                role="session",
                sequence=after.published,
                at=workflow.now(),
                payload=payload,
            )
        )
        if after.published % KEPT_EVENTS == 0 and after.published > KEPT_EVENTS:
            self._stream.truncate(after.published - KEPT_EVENTS)
        return after
