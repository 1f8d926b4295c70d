"""What the agents of a session tell the audit trail is kept, however long the database is away."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.audit import AuditRecord, AuditStart
    from contracts.names import Signal
    from workflows import recording

MOST_CHARACTERS = 500_000
"""Of what one batch is about: a payload may hold 2 MB."""


@workflow.defn(name="Audit")
class AuditWorkflow:
    """It ends when nothing comes any more, and the next entry starts it anew.

    Apart from the session, since model inputs are large and may come when the session has ended.
    """

    @workflow.init
    def __init__(self, start: AuditStart) -> None:
        self._unwritten: list[AuditRecord] = []

    @workflow.run
    async def run(self, start: AuditStart) -> None:
        while True:
            try:
                idle = timedelta(seconds=start.idle_seconds)
                await workflow.wait_condition(lambda: bool(self._unwritten), timeout=idle, timeout_summary="idle")
            except TimeoutError:
                if not self._unwritten:
                    return
            batch = self._batch()
            await recording.write(*batch, summary=f"{len(batch)} audit entries")
            del self._unwritten[: len(batch)]
            if workflow.info().is_continue_as_new_suggested() and not self._unwritten:
                workflow.continue_as_new(start)

    @workflow.signal(name=Signal.NOTE.value)
    def note(self, entry: AuditRecord) -> None:
        self._unwritten.append(entry)

    def _batch(self) -> list[AuditRecord]:
        batch: list[AuditRecord] = []
        size = 0
        for entry in self._unwritten[: recording.MOST_AT_ONCE]:
            size += sum(len(content.body) for content in entry.exhibits.values())
            if batch and size > MOST_CHARACTERS:
                break
            batch.append(entry)
        return batch
