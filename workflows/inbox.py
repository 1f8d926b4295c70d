"""What is owed to a person is said to the end, in this call or the next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.delivery import Delivery, DeliveryReport, DeliveryView, InboxStart, Presence
    from contracts.events import DeliveryOffered, DeliveryWithdrawn
    from contracts.names import VIEW_QUERY, Signal, session_workflow_id
    from contracts.records import DeliveryRecord
    from policy import inbox as policy
    from workflows import recording

IDLE = timedelta(hours=24)


class InboxInput(InboxStart):
    """Whose inbox, and what it already holds when it continues as new."""

    carried: policy.InboxState | None = None


@workflow.defn(name="Inbox")
class InboxWorkflow:
    @workflow.init
    def __init__(self, start: InboxInput) -> None:
        self._state = start.carried or policy.InboxState(subject_id=start.subject_id)
        self._steps: deque[Callable[[policy.InboxState], policy.Step]] = deque()

    @workflow.run
    async def run(self, start: InboxInput) -> None:
        while True:
            self._describe()
            try:
                await workflow.wait_condition(
                    lambda: bool(self._steps), timeout=IDLE, timeout_summary="closes when idle"
                )
            except TimeoutError:
                if not self._state.owes and not self._state.present and not self._steps:
                    return
            while self._steps:
                await self._carry_out(self._steps.popleft())
            if workflow.info().is_continue_as_new_suggested() and not self._steps:
                await workflow.wait_condition(workflow.all_handlers_finished)
                workflow.continue_as_new(InboxInput(subject_id=start.subject_id, carried=self._state))

    @workflow.signal(name=Signal.DELIVER.value)
    def deliver(self, delivery: Delivery) -> None:
        self._steps.append(lambda state: policy.delivered(state, delivery))

    @workflow.signal(name=Signal.PRESENCE.value)
    def presence(self, news: Presence) -> None:
        self._steps.append(lambda state: policy.presence(state, news))

    @workflow.signal(name=Signal.REPORT.value)
    def report(self, report: DeliveryReport) -> None:
        self._steps.append(lambda state: policy.reported(state, report))

    @workflow.query(name=VIEW_QUERY)
    def view(self) -> list[DeliveryView]:
        return [
            DeliveryView(delivery=e.delivery, state=e.state, attempts=e.attempts, session_id=e.session_id)
            for e in self._state.entries
        ]

    async def _carry_out(self, decide: Callable[[policy.InboxState], policy.Step]) -> None:
        step = decide(self._state)
        self._state = step.state
        # Tell the room first: a person waits there. The records follow.
        for gone in step.withdrawals:
            withdrawn = DeliveryWithdrawn(delivery_id=gone.delivery_id)
            await recording.tell(session_workflow_id(gone.session_id), Signal.PUBLISH, withdrawn)
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
                self._steps.append(lambda state, news=gone_session: policy.presence(state, news))  # type: ignore[misc]
        if step.changed:
            await recording.write(
                *(self._record(entry) for entry in step.changed),
                *(
                    recording.audit(
                        entry.session_id or entry.delivery.session_id,
                        actor="workflow",
                        action=f"delivery.{entry.state.value}",
                        target=entry.delivery.delivery_id,
                        attempt=entry.attempts,
                    )
                    for entry in step.changed
                ),
                summary=", ".join(sorted({f"delivery {e.state.value}" for e in step.changed})),
            )

    def _record(self, entry: policy.Entry) -> DeliveryRecord:
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
        )

    def _describe(self) -> None:
        owed = [e for e in self._state.entries if not e.state.final]
        where = f"on the line in {', '.join(self._state.present)}" if self._state.present else "not on the line"
        lines = [f"- `{e.delivery.delivery_id}`: {e.state.value}, offered {e.attempts} times" for e in owed]
        workflow.set_current_details("\n".join([f"**{len(owed)} owed**, the person is {where}", "", *lines]))
