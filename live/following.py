"""What backstage tells a call while it lasts: the snapshot, even a late one, then every event."""

from __future__ import annotations

import asyncio

from contracts.events import (
    ContextChanged,
    DeliveryOffered,
    DeliveryWithdrawn,
    EscalationNews,
    EscalationRequested,
    Event,
    RoleSuperseded,
    SessionEnding,
    TaskNews,
)
from contracts.session import SessionSnapshot
from live.agent import VoiceAgent
from live.attending import Attending
from live.bridge import Bridge
from live.context import CallContext
from live.deliveries import Deliveries
from live.escalation import Escalating
from live.leaving import Leaving, Reason
from live.steering import Steering
from live.turns import leading_instructions, whole

ASK_AGAIN_SECONDS = 1.0


class Following:
    def __init__(
        self,
        bridge: Bridge,
        agent: VoiceAgent,
        context: CallContext,
        deliveries: Deliveries,
        escalating: Escalating,
        steering: Steering,
        attending: Attending,
        leaving: Leaving,
    ) -> None:
        self._bridge = bridge
        self._agent = agent
        self._context = context
        self._deliveries = deliveries
        self._escalating = escalating
        self._steering = steering
        self._attending = attending
        self._leaving = leaving

    async def run(self, snapshot: SessionSnapshot | None, *, ask_seconds: float) -> None:
        """Until the session ended. Without a snapshot it is asked for, each time for `ask_seconds`."""
        if snapshot is None:
            while (snapshot := await self._bridge.snapshot(ask_seconds)) is None:  # noqa: ASYNC110 (nobody tells)
                await asyncio.sleep(ASK_AGAIN_SECONDS)
            await self._take_late(snapshot)
        for offer in snapshot.offers:
            self._deliveries.offered(offer)
        async for event in self._bridge.events(snapshot.stream_offset):
            self._on_event(event)
        self._leaving.leave(Reason.ENDED)

    async def _take_late(self, snapshot: SessionSnapshot) -> None:
        """A snapshot that came after the first words: what earlier agents of this call heard goes before them."""
        self._context.take(snapshot)
        self._escalating.take(snapshot)
        self._steering.take(snapshot)
        known = self._agent.chat_ctx.copy()
        ids = {item.id for item in known.items}
        earlier = [item for item in whole(snapshot.turns).items if item.id not in ids]
        if earlier:
            for at, item in enumerate(earlier, start=leading_instructions(known)):
                known.items.insert(at, item)
            await self._agent.update_chat_ctx(known)

    def _on_event(self, event: Event) -> None:
        self._steering.on(event)
        match event.payload:
            case ContextChanged():
                self._context.context_changed(event.payload)
            case TaskNews(state=state):
                self._context.task_changed(state)
            case EscalationRequested(escalation=escalation) | EscalationNews(escalation=escalation):
                self._context.escalation_changed(escalation)
                self._escalating.on(event)
            case DeliveryOffered(offer=offer):
                self._deliveries.offered(offer)
            case DeliveryWithdrawn(delivery_id=delivery_id):
                self._deliveries.withdrawn(delivery_id)
            case RoleSuperseded(role=role, epoch=epoch):
                self._attending.superseded(role, epoch)
            case SessionEnding():
                self._leaving.leave(Reason.ENDED)
