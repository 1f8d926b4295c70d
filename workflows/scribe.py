"""Writes a workflow's records beside its work, so that a database that is away holds up nothing but the records."""

from __future__ import annotations

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.records import Record
    from workflows import recording
    from workflows.recording import MOST_AT_ONCE


class Scribe:
    """Keeps the order in which records were put; what comes while it writes goes into the next batch."""

    def __init__(self) -> None:
        self._unwritten: list[tuple[str, tuple[Record, ...]]] = []
        self._writing: asyncio.Task[None] | None = None

    def put(self, *records: Record, summary: str) -> None:
        self._unwritten.append((summary, records))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())

    async def flush(self) -> None:
        """Returns when everything is durable."""
        await workflow.wait_condition(lambda: not self._unwritten and (self._writing is None or self._writing.done()))

    async def _write(self) -> None:
        while self._unwritten:
            batch, self._unwritten = self._unwritten[:MOST_AT_ONCE], self._unwritten[MOST_AT_ONCE:]
            records = [record for _, several in batch for record in several]
            await recording.write(*records, summary=", ".join(dict.fromkeys(summary for summary, _ in batch))[:200])
