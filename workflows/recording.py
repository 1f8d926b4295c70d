"""How workflows write records, and reach other workflows that may be gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.records import RecordActivities
    from contracts.audit import AuditRecord
    from contracts.audit_events import AuditEvent, PolicyRuled, ToolCalled
    from contracts.base import Content, Contract
    from contracts.composition import Composition
    from contracts.records import Record, RecordBatch
    from contracts.tools import ToolCall, ToolRefused, ToolStatus
    from policy.authority import GateVerdict
    from policy.rules import Circumstances
    from workflows import options


BEFORE_CONTINUING = timedelta(seconds=1)
"""How long a workflow waits for the database before it continues as new; the next run writes what is left."""

MOST_AT_ONCE = 200
"""Records of one batch: a day without a database must not make one that is too large to send."""


async def write(*records: Record, summary: str) -> None:
    """Writes records; returns when they are durable. Waits a day for a database that is away.

    A batch that no database would ever take is given up with an error in the log: a person's call or task is worth
    more than a line about it, and the history still holds what was to be written.
    """
    try:
        await workflow.execute_activity_method(
            RecordActivities.write, RecordBatch(records=records), **options.records(summary)
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.error("records given up (%s): %s", summary, type(error.cause).__name__)


class Journal:
    """Records of one workflow, written in the order in which they came by a task of its own.

    Whoever adds one does not wait: while the database is away the work goes on. What is being written stays
    `unwritten` until it is durable, so that a workflow which continues as new loses nothing; a record written twice is
    one record.
    """

    def __init__(self, unwritten: Sequence[Record] = ()) -> None:
        self._unwritten = list(unwritten)

    @property
    def unwritten(self) -> tuple[Record, ...]:
        return tuple(self._unwritten)

    def add(self, *records: Record) -> None:
        self._unwritten += records

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await workflow.wait_condition(lambda: bool(self._unwritten))
            batch = self._unwritten[:MOST_AT_ONCE]
            await write(*batch, summary=f"{len(batch)} records: {', '.join(sorted({r.type for r in batch}))}")
            del self._unwritten[: len(batch)]

    async def written(self, within: timedelta | None = None) -> None:
        """Returns once everything that was added is durable, or after a while: before a workflow continues as new."""
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: not self._unwritten, timeout=within, timeout_summary="the database is away"
            )


async def load_composition(composition_id: str) -> Composition:
    """The composition, fixed for this run of the workflow. An unknown one fails the workflow."""
    return await workflow.execute_activity_method(
        RecordActivities.composition, composition_id, **options.records(f"composition {composition_id}")
    )


def audit(
    session_id: str,
    *,
    actor: str,
    target: str,
    event: AuditEvent,
    entry_id: str | None = None,
    exhibits: Mapping[str, Content] | None = None,
) -> AuditRecord:
    """One entry of the audit trail. `entry_id` names its cause where that has an id that people ask for; else it is
    deterministic: a repeated write is the same entry either way."""
    return AuditRecord(
        entry_id=entry_id or str(workflow.uuid4()),
        session_id=session_id,
        at=workflow.now(),
        actor=actor,
        target=target,
        event=event,
        exhibits=dict(exhibits or {}),
    )


def ruled(call: ToolCall, verdict: GateVerdict, asked: Circumstances) -> AuditRecord:
    """The entry of which rule decided about a call, as it was proposed, and of all that the verdict depended on."""
    return audit(
        call.session_id,
        actor="policy",
        entry_id=f"policy/{call.call_id}",
        target=call.tool,
        event=PolicyRuled(
            state="gated" if verdict.gated else "free",
            rule=verdict.rule_id,
            reason=verdict.reason,
            call=call.call_id,
            task=call.task_id,
            step=call.step_id,
        ),
        exhibits={"circumstances": Content(subject_id=call.subject_id, body=asked.model_dump_json())},
    )


def refused(news: ToolRefused) -> AuditRecord:
    """The audit line of a call that was not made. It has its sender's id: told twice, it is one line."""
    return AuditRecord(
        entry_id=news.refusal_id,
        session_id=news.session_id,
        at=news.at,
        actor=f"role:{news.role}",
        target=news.tool,
        event=ToolCalled(state=ToolStatus.REFUSED, reason=news.reason, epoch=news.epoch),
    )


async def tell(workflow_id: str, signal: str, *messages: Contract | str | int) -> bool:
    """Signals another workflow. False if it has ended or never was: then there is nobody to tell."""
    try:
        await workflow.get_external_workflow_handle(workflow_id).signal(signal, args=list(messages))
    except (ApplicationError, FailureError) as error:
        workflow.logger.info("signal %s not taken by %s: %s", signal, workflow_id, type(error).__name__)
        return False
    return True
