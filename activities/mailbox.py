"""Reaches workflows that may not be running yet: the inbox of a subject is started by the first thing sent to it."""

from __future__ import annotations

from temporalio import activity
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from contracts.delivery import Delivery, InboxStart, Presence
from contracts.names import SearchAttribute, Signal, TaskQueue, WorkflowType, inbox_workflow_id

_SUBJECT = SearchAttributeKey.for_keyword(SearchAttribute.SUBJECT)


class MailboxActivities:
    def __init__(self, client: Client) -> None:
        self._client = client

    @activity.defn(name="mailbox.deliver")
    async def deliver(self, delivery: Delivery) -> None:
        """Puts a delivery into its subject's inbox. Repeating it is harmless: the inbox knows the id."""
        await self._signal(delivery.subject_id, Signal.DELIVER, delivery)

    @activity.defn(name="mailbox.presence")
    async def presence(self, presence: Presence) -> None:
        """Tells a subject's inbox that a call of theirs can be spoken into, or no longer can."""
        await self._signal(presence.subject_id, Signal.PRESENCE, presence)

    async def _signal(self, subject_id: str, signal: Signal, message: Delivery | Presence) -> None:
        await self._client.start_workflow(
            WorkflowType.INBOX.value,
            args=[InboxStart(subject_id=subject_id)],
            id=inbox_workflow_id(subject_id),
            task_queue=TaskQueue.ORCHESTRATION.value,
            start_signal=signal.value,
            start_signal_args=[message],
            static_summary="What is owed to one person, across calls",
            search_attributes=TypedSearchAttributes([SearchAttributePair(_SUBJECT, subject_id)]),
        )
