"""Gathers what a summary is made from."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from temporalio import activity

from contracts.base import Content
from contracts.delivery import DeliveryState
from contracts.records import ArtifactRecord, DeliveryRecord, TaskRecord, TurnRecord
from contracts.summary import LastCallRequest, Outcome, Summary, SummaryRequest, SummaryStart
from policy import rolling

_TOLD = (DeliveryState.PLAYED, DeliveryState.HEARD)


class TranscriptSource(Protocol):
    """The records as the transcript needs them. Methods block; they are called in threads."""

    def turns(self, session_id: str) -> Sequence[TurnRecord]: ...
    def tasks(self, session_id: str) -> Sequence[TaskRecord]: ...
    def deliveries(self, session_id: str) -> Sequence[DeliveryRecord]: ...
    def last_summary(self, subject_id: str, composition: str, besides: str) -> ArtifactRecord | None: ...


LAST_CALL_TOKENS = 200


class TranscriptActivities:
    def __init__(self, source: TranscriptSource) -> None:
        self._source = source

    @activity.defn(name="transcripts.gather")
    async def gather(self, start: SummaryStart) -> SummaryRequest:
        """The turns of the call, and what each of its tasks came to."""
        turns = await asyncio.to_thread(self._source.turns, start.session_id)
        return SummaryRequest(
            session_id=start.session_id,
            subject_id=start.subject_id,
            composition=start.composition,
            day=turns[0].turn.started_at.date() if turns else activity.info().started_time.date(),
            turns=tuple(record.turn for record in turns),
            outcomes=await self._outcomes(start.session_id),
        )

    @activity.defn(name="transcripts.last_call")
    async def last_call(self, request: LastCallRequest) -> Content | None:
        """What the subject's call before this one came to, in words, with its day; None if there was none."""
        found = await asyncio.to_thread(
            self._source.last_summary, request.subject_id, request.composition, request.session_id
        )
        if found is None:
            return None
        summary = rolling.bounded(Summary.model_validate_json(found.body.body), LAST_CALL_TOKENS)
        words = rolling.in_words(summary)
        return words.model_copy(update={"body": f"On {found.created_at:%A %Y-%m-%d}: {words.body}"})

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
