"""What is owed to a person is said to the end, in this call or the next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.audit_events import DeliveryMoved
    from contracts.delivery import (
        Delivery,
        DeliveryPosted,
        DeliveryReport,
        DeliveryState,
        DeliveryView,
        InboxStart,
        Presence,
        WebhookStart,
    )
    from contracts.events import DeliveryOffered, DeliveryWithdrawn
    from contracts.names import (
        VIEW_QUERY,
        Signal,
        WorkflowType,
        session_workflow_id,
        webhook_workflow_id,
    )
    from contracts.records import DeliveryRecord, Record
    from policy import inbox as policy
    from policy import owed
    from workflows import recording
    from workflows.starting import start_beside

IDLE = timedelta(hours=24)
_TO_BE_SAID = (DeliveryState.OWED, DeliveryState.OFFERED)
Decide = Callable[[policy.InboxState, datetime], policy.Step]


class InboxInput(InboxStart):
    """Whose inbox, and what it already holds when it continues as new."""

    carried: policy.InboxState | None = None
    unwritten: tuple[Record, ...] = ()


@workflow.defn(name="Inbox")
class InboxWorkflow:
    @workflow.init
    def __init__(self, start: InboxInput) -> None:
        self._state = start.carried or policy.InboxState(subject_id=start.subject_id)
        self._journal = recording.Journal(start.unwritten)
        self._steps: deque[Decide] = deque()

    @workflow.run
    async def run(self, start: InboxInput) -> None:
        # The records are written beside: what is owed is offered while the database is away.
        writing = asyncio.create_task(self._journal.run())
        while await self._more_to_do():
            while self._steps:
                await self._carry_out(self._steps.popleft())
            if workflow.info().is_continue_as_new_suggested():
                await self._journal.written(recording.BEFORE_CONTINUING)
                await workflow.wait_condition(workflow.all_handlers_finished)
                if not self._steps:
                    workflow.continue_as_new(
                        InboxInput(subject_id=start.subject_id, carried=self._state, unwritten=self._journal.unwritten)
                    )
        await self._journal.written()
        writing.cancel()

    @workflow.signal(name=Signal.DELIVER.value)
    def deliver(self, delivery: Delivery) -> None:
        self._steps.append(lambda state, now: policy.delivered(state, delivery, now))

    @workflow.signal(name=Signal.PRESENCE.value)
    def presence(self, news: Presence) -> None:
        self._steps.append(lambda state, now: policy.presence(state, news, now))

    @workflow.signal(name=Signal.REPORT.value)
    def report(self, report: DeliveryReport) -> None:
        self._steps.append(lambda state, now: policy.reported(state, report, now))

    @workflow.signal(name=Signal.POSTED.value)
    def posted(self, news: DeliveryPosted) -> None:
        self._steps.append(lambda state, now: policy.posted(state, news, now))

    @workflow.signal(name=Signal.RETRACT.value)
    def retract(self, topic: str) -> None:
        self._steps.append(lambda state, now: policy.retracted(state, topic, now))

    @workflow.query(name=VIEW_QUERY)
    def view(self) -> list[DeliveryView]:
        return [owed.view(entry) for entry in self._state.entries]

    async def _more_to_do(self) -> bool:
        """Waits for news, or for what is due without any. False when nothing is owed and nobody came for long."""
        self._describe()
        due = policy.wake_at(self._state)
        timeout = max(due - workflow.now(), timedelta(0)) if due is not None else IDLE
        try:
            await workflow.wait_condition(
                lambda: bool(self._steps),
                timeout=timeout,
                timeout_summary="something owed is due" if due is not None else "closes when idle",
            )
        except TimeoutError:
            if due is not None:
                self._steps.append(policy.woken)
            elif not self._state.owes and not self._state.present and not self._steps:
                return False
        return True

    async def _carry_out(self, decide: Decide) -> None:
        before = {e.delivery.delivery_id: (e.state, e.attempts) for e in self._state.entries}
        step = decide(self._state, workflow.now())
        self._state = step.state
        for gone in step.withdrawals:
            withdrawn = DeliveryWithdrawn(delivery_id=gone.delivery_id)
            await recording.tell(session_workflow_id(gone.session_id), Signal.PUBLISH, withdrawn)
        for asked in step.asked:
            await recording.tell(session_workflow_id(asked.session_id), Signal.ANSWER_AWAITED, asked.awaited)
        for offer in step.offers:
            taken = await recording.tell(
                session_workflow_id(offer.session_id), Signal.PUBLISH, DeliveryOffered(offer=offer)
            )
            if not taken:
                # That session has ended without telling: what it was asked to say is owed again.
                gone_session = Presence(
                    session_id=offer.session_id,
                    subject_id=self._state.subject_id,
                    present=False,
                    epoch=0,
                    vanished=True,
                )
                self.presence(gone_session)
        for delivery in step.posts:
            await self._post(delivery)
        for entry in step.changed:
            self._journal.add(self._record(entry))
            if before.get(entry.delivery.delivery_id) == (entry.state, entry.attempts):
                continue  # only the webhook answered, which has a line of its own
            self._journal.add(
                recording.audit(
                    entry.session_id or entry.delivery.session_id,
                    actor="workflow",
                    target=entry.delivery.delivery_id,
                    event=DeliveryMoved(
                        state=entry.state,
                        attempt=entry.attempts,
                        task=entry.delivery.task_id,
                        reason=entry.reason,
                        webhook=entry.webhook,
                    ),
                    exhibits={"speech": entry.delivery.speech} if entry.state in _TO_BE_SAID else None,
                ),
            )

    async def _post(self, delivery: Delivery) -> None:
        await start_beside(
            WorkflowType.WEBHOOK,
            WebhookStart(delivery=delivery),
            webhook_workflow_id(delivery.delivery_id),
            "An outcome on its way to a webhook",
        )

    def _record(self, entry: owed.Entry) -> DeliveryRecord:
        d = entry.delivery
        return DeliveryRecord(
            delivery_id=d.delivery_id,
            subject_id=d.subject_id,
            session_id=d.session_id,
            task_id=d.task_id,
            topic=d.topic,
            state=entry.state,
            revision=entry.revision,
            attempts=entry.attempts,
            speech=d.speech,
            heard_in=entry.session_id,
            created_at=d.created_at,
            updated_at=workflow.now(),
            expires_at=d.expires_at,
            reason=entry.reason,
            webhook=entry.webhook,
        )

    def _describe(self) -> None:
        due = [e for e in self._state.entries if not e.state.final]
        where = f"on the line in {', '.join(self._state.present)}" if self._state.present else "not on the line"
        lines = [
            f"- `{e.delivery.delivery_id}`: {e.state.value}, offered {e.attempts} times"
            + (f", {e.reason}" if e.reason else "")
            + (f", webhook {e.webhook.value}" if e.webhook else "")
            + (f", until {e.delivery.expires_at:%Y-%m-%d %H:%M} UTC" if e.delivery.expires_at else "")
            for e in due
        ]
        workflow.set_current_details("\n".join([f"**{len(due)} owed**, the person is {where}", "", *lines]))
