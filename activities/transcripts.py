"""Reads what summaries are made from."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol

from temporalio import activity

from contracts.base import Content
from contracts.composition import Composition
from contracts.delivery import DeliveryState
from contracts.records import ArtifactRecord, DeliveryRecord, TaskRecord, TurnRecord
from contracts.session import Turn
from contracts.summary import Outcome, Outline, SpanRequest, Summary, SummaryStart
from policy import chunks, rolling

_TOLD = (DeliveryState.PLAYED, DeliveryState.HEARD)


class TranscriptSource(Protocol):
    """The records as the transcript needs them. Methods block; they are called in threads."""

    def turns(self, session_id: str, *, first: int = 0, count: int | None = None) -> Sequence[TurnRecord]: ...
    def tasks(self, session_id: str) -> Sequence[TaskRecord]: ...
    def deliveries(self, session_id: str) -> Sequence[DeliveryRecord]: ...
    def last_summary(self, subject_id: str, composition: str, besides: str) -> ArtifactRecord | None: ...


LAST_CALL_TOKENS = 200


class TranscriptActivities:
    def __init__(self, source: TranscriptSource, compositions: Mapping[str, Composition]) -> None:
        self._source = source
        self._compositions = compositions

    @activity.defn(name="transcripts.outline")
    async def outline(self, start: SummaryStart) -> Outline:
        """Where the transcript is cut, and what each task of the call came to."""
        turns = await self._turns(start.session_id)
        began = turns[0].started_at if turns else activity.info().started_time
        return Outline(
            day=rolling.day_of(began, self._zone(start)),
            spans=chunks.spans(turns),
            outcomes=await self._outcomes(start.session_id),
        )

    @activity.defn(name="transcripts.read")
    async def read(self, request: SpanRequest) -> list[Turn]:
        """Some turns of a call that ended: its turns do not change any more."""
        return await self._turns(request.session_id, first=request.span.first, count=request.span.count)

    @activity.defn(name="transcripts.last_call")
    async def last_call(self, request: SummaryStart) -> Content | None:
        """What the subject's call before this one came to, in words, with its day; None if there was none."""
        found = await asyncio.to_thread(
            self._source.last_summary, request.subject_id, request.composition, request.session_id
        )
        if found is None:
            return None
        summary = rolling.bounded(Summary.model_validate_json(found.body.body), LAST_CALL_TOKENS)
        words = rolling.in_words(summary)
        day = rolling.day_of(found.created_at, self._zone(request))
        return words.model_copy(update={"body": f"On {day:%A %Y-%m-%d}: {words.body}"})

    def _zone(self, of: SummaryStart) -> str:
        """Where its callers are; UTC for a composition that is not here any more."""
        known = self._compositions.get(of.composition)
        return known.time_zone if known is not None else "UTC"

    async def _turns(self, session_id: str, *, first: int = 0, count: int | None = None) -> list[Turn]:
        records = await asyncio.to_thread(self._source.turns, session_id, first=first, count=count)
        return [record.turn for record in records]

    async def _outcomes(self, session_id: str) -> tuple[Outcome, ...]:
        tasks = await asyncio.to_thread(self._source.tasks, session_id)
        deliveries = await asyncio.to_thread(self._source.deliveries, session_id)
        told = {(d.task_id, d.speech.body) for d in deliveries if d.state in _TOLD}
        return tuple(
            Outcome(
                task_id=task.task_id,
                goal=task.goal,
                stage=task.stage,
                speech=task.speech,
                told=task.speech is not None and (task.task_id, task.speech.body) in told,
            )
            for task in sorted(tasks, key=lambda task: task.requested_at)
        )
