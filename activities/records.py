"""Reads and writes the records."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from temporalio import activity
from temporalio.exceptions import ApplicationError

from contracts.composition import Composition
from contracts.grants import GrantQuery
from contracts.records import EffectEntry, GrantRecord, Record, RecordBatch, ReviewerRecord, TurnRecord
from contracts.rules import EffectTotals, TotalsQuery
from policy import counting
from policy.reviewers import able, named


class RecordStore(Protocol):
    """The store as activities need it. Methods block; they are called in threads."""

    def write(self, records: Sequence[Record]) -> int: ...
    def reviewer(self, name: str) -> ReviewerRecord | None: ...
    def reviewers(self) -> Sequence[ReviewerRecord]: ...
    def grants(self, *, composition: str, tool: str, subject_id: str) -> Sequence[GrantRecord]: ...
    def effects(self, *, composition: str, tool: str, subject_id: str, since: datetime) -> Sequence[EffectEntry]: ...
    def turns(self, session_id: str) -> Sequence[TurnRecord]: ...


class RecordActivities:
    def __init__(self, store: RecordStore, compositions: Mapping[str, Composition]) -> None:
        self._store = store
        self._compositions = compositions

    @activity.defn(name="records.write")
    async def write(self, batch: RecordBatch) -> int:
        """Upserts a batch; safe to repeat. Returns how many rows it changed."""
        return await asyncio.to_thread(self._store.write, batch.records)

    @activity.defn(name="records.reviewer")
    async def reviewer(self, name: str) -> ReviewerRecord | None:
        """The reviewer of that name, or None."""
        return await asyncio.to_thread(self._store.reviewer, name)

    @activity.defn(name="records.reviewers_of")
    async def reviewers_of(self, to: str) -> list[ReviewerRecord]:
        """The people whom a delegation names: one reviewer by name, or all of `group:NAME`. Inactive ones too."""
        everyone = await asyncio.to_thread(self._store.reviewers)
        return [reviewer for reviewer in everyone if named(to, reviewer)]

    @activity.defn(name="records.grants")
    async def grants(self, query: GrantQuery) -> list[GrantRecord]:
        """What was granted about that tool and person, by people who still may decide about it. Expired ones too."""
        return await asyncio.to_thread(self._grants, query)

    def _grants(self, query: GrantQuery) -> list[GrantRecord]:
        found = self._store.grants(composition=query.composition, tool=query.tool, subject_id=query.subject_id)
        people = {person.name: person for person in self._store.reviewers()} if found else {}
        return [g for g in found if g.granted_by in people and able(g.capability, people[g.granted_by])]

    @activity.defn(name="records.totals")
    async def totals(self, query: TotalsQuery) -> EffectTotals:
        """How often that tool had an effect for that person lately, and on what amounts."""
        where = {"composition": query.composition, "tool": query.tool, "subject_id": query.subject_id}
        found = await asyncio.to_thread(self._store.effects, **where, since=query.now - counting.LONGEST)
        return counting.totals(found, query.now)

    @activity.defn(name="records.composition")
    async def composition(self, composition_id: str) -> Composition:
        """The composition as it is now; a workflow keeps to the version that it was given."""
        try:
            return self._compositions[composition_id]
        except KeyError:
            known = ", ".join(sorted(self._compositions)) or "none"
            raise ApplicationError(
                f"no composition {composition_id!r}; loaded: {known}", type="UnknownComposition", non_retryable=True
            ) from None
