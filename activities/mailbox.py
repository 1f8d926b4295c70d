"""Reaches workflows that may not be running yet: the inbox of a subject is started by the first thing sent to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from temporalio import activity
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from contracts.composition import Composition, Deliveries
from contracts.delivery import Delivery, InboxStart, Presence
from contracts.names import SearchAttribute, Signal, TaskQueue, WorkflowType, inbox_workflow_id

_SUBJECT = SearchAttributeKey.for_keyword(SearchAttribute.SUBJECT)


class MailboxActivities:
    """`compositions` by id: they say how long a delivery is worth telling, and whether it goes to a webhook."""

    def __init__(self, client: Client, compositions: Mapping[str, Composition] | None = None) -> None:
        self._client = client
        self._compositions = compositions or {}

    @activity.defn(name="mailbox.deliver")
    async def deliver(self, delivery: Delivery) -> None:
        """Puts a delivery into its subject's inbox. Repeating it is harmless: the inbox knows the id."""
        await self._signal(delivery.subject_id, Signal.DELIVER, self._by_the_rules(delivery))

    @activity.defn(name="mailbox.presence")
    async def presence(self, presence: Presence) -> None:
        """Tells a subject's inbox that a call of theirs can be spoken into, or no longer can."""
        await self._signal(presence.subject_id, Signal.PRESENCE, presence)

    def _by_the_rules(self, delivery: Delivery) -> Delivery:
        composition = self._compositions.get(delivery.composition or "")
        rules = composition.deliveries if composition is not None else Deliveries()
        return delivery.model_copy(
            update={
                "expires_at": delivery.expires_at or delivery.created_at + timedelta(seconds=rules.expire_seconds),
                "webhook_after": rules.webhook.after_seconds if rules.webhook is not None else None,
            }
        )

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
