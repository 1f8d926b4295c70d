"""Gathers what a summary is made from."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from temporalio import activity

from contracts.base import Content
from contracts.records import TaskRecord, TurnRecord
from contracts.summary import SummaryRequest, SummaryStart


class TranscriptSource(Protocol):
    """The records as the transcript needs them. Methods block; they are called in threads."""

    def turns(self, session_id: str) -> Sequence[TurnRecord]: ...
    def tasks(self, session_id: str) -> Sequence[TaskRecord]: ...


class TranscriptActivities:
    def __init__(self, source: TranscriptSource) -> None:
        self._source = source

    @activity.defn(name="transcripts.gather")
    async def gather(self, start: SummaryStart) -> SummaryRequest:
        """The transcript, one line a turn as `[turn_id] speaker: text`, and what each task of the call came to."""
        turns = await asyncio.to_thread(self._source.turns, start.session_id)
        tasks = await asyncio.to_thread(self._source.tasks, start.session_id)
        lines = [f"[{r.turn.turn_id}] {r.turn.speaker.value}: {r.turn.text.body}" for r in turns]
        outcomes = [
            f"- {task.goal.body}: {task.stage.value}" + (f" ({task.speech.body})" if task.speech else "")
            for task in tasks
        ]
        return SummaryRequest(
            session_id=start.session_id,
            subject_id=start.subject_id,
            composition=start.composition,
            transcript=Content(subject_id=start.subject_id, body="\n".join(lines)),
            outcomes=Content(subject_id=start.subject_id, body="\n".join(outcomes)),
        )
