"""A call that ended is summarized, however long it was: its transcript in pieces, then the pieces put together."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import date, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.models import ModelActivities
    from activities.transcripts import TranscriptActivities
    from contracts.audit_events import SummaryMade
    from contracts.base import Content, Contract
    from contracts.names import session_workflow_id
    from contracts.records import ArtifactRecord
    from contracts.session import Turn
    from contracts.summary import Cited, Outcome, Outline, Span, SpanRequest, Summary, SummaryRequest, SummaryStart
    from policy import chunks
    from workflows import options, recording

AT_ONCE = 4
PATIENCE = timedelta(hours=24)


class Progress(Contract):
    """How far a summary has come: what the pieces came to, oldest first, and the pieces that are left."""

    outline: Outline
    parts: tuple[Summary, ...] = ()
    left: tuple[Span, ...] = ()


class SummaryInput(SummaryStart):
    """Which call, and how far its summary has come when the workflow continues as new."""

    carried: Progress | None = None


@workflow.defn(name="Summary")
class SummaryWorkflow:
    @workflow.init
    def __init__(self, start: SummaryInput) -> None:
        self._start = SummaryStart.model_validate(start.model_dump())
        self._progress = start.carried

    @workflow.run
    async def run(self, start: SummaryInput) -> None:
        progress = self._progress or await self._outline()
        while progress.left:
            self._describe(progress)
            if workflow.info().is_continue_as_new_suggested():
                workflow.continue_as_new(SummaryInput(**self._start.model_dump(), carried=progress))
            # What the work came to is told with the whole call; a piece alone would take all of it for its own.
            outcomes = progress.outline.outcomes if len(progress.outline.spans) == 1 else ()
            now, left = progress.left[:AT_ONCE], progress.left[AT_ONCE:]
            made = await asyncio.gather(*(self._piece(progress.outline.day, span, outcomes) for span in now))
            progress = progress.model_copy(update={"parts": (*progress.parts, *made), "left": left})
        await self._write(await self._together(progress))

    async def _outline(self) -> Progress:
        outline = await workflow.execute_activity_method(
            TranscriptActivities.outline, self._start, **options.records("outline of the transcript")
        )
        return Progress(outline=outline, left=outline.spans or (Span(first=0, count=0),))

    async def _piece(self, day: date, span: Span, outcomes: tuple[Outcome, ...]) -> Summary:
        which = f"turns {span.first + 1} to {span.first + span.count}"
        turns = await workflow.execute_activity_method(
            TranscriptActivities.read,
            SpanRequest(session_id=self._start.session_id, span=span),
            **options.records(which),
        )
        return await self._ask(f"summary of {which}", day, turns=turns, outcomes=outcomes)

    async def _together(self, progress: Progress) -> Summary:
        """In rounds, each of which leaves fewer parts; the last one is told what the work came to."""
        parts: Sequence[Summary] = progress.parts
        outline = progress.outline
        while len(parts) > 1:
            groups = chunks.groups(parts)
            outcomes = outline.outcomes if len(groups) == 1 else ()
            parts = await asyncio.gather(
                *(
                    self._ask(f"{len(group)} parts put together", outline.day, parts=group, outcomes=outcomes)
                    for group in groups
                )
            )
        return parts[0]

    async def _ask(
        self,
        what: str,
        day: date,
        *,
        parts: Sequence[Summary] = (),
        turns: Sequence[Turn] = (),
        outcomes: Sequence[Outcome] = (),
    ) -> Summary:
        request = SummaryRequest(
            **self._start.model_dump(),
            day=day,
            parts=tuple(parts),
            turns=tuple(turns),
            outcomes=tuple(outcomes),
        )
        return await workflow.execute_activity_method(
            ModelActivities.summarize, request, **options.models(what, patience=PATIENCE)
        )

    async def _write(self, summary: Summary) -> None:
        session_id = self._start.session_id
        lists: dict[str, Sequence[Cited]] = {
            "decisions": summary.decisions,
            "action_items": summary.action_items,
            "open_questions": summary.open_questions,
            "promises": summary.promises,
        }
        bodies = {name: json.dumps([s.model_dump(mode="json") for s in found]) for name, found in lists.items()}
        counts = {name: len(found) for name, found in lists.items()}
        await recording.write(
            *(self._artifact(kind, body) for kind, body in {"summary": summary.model_dump_json(), **bodies}.items()),
            recording.audit(
                session_id,
                actor="role:summarizer",
                target=session_workflow_id(session_id),
                event=SummaryMade(state="written", counts=counts),
            ),
            summary="summary written",
        )
        told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
        workflow.set_current_details(f"Summary of `{session_id}`: {told}")

    def _artifact(self, kind: str, body: str) -> ArtifactRecord:
        start = self._start
        return ArtifactRecord(
            artifact_id=f"{start.session_id}.{kind}",
            session_id=start.session_id,
            subject_id=start.subject_id,
            kind=kind,
            body=Content(subject_id=start.subject_id, body=body),
            created_at=workflow.now(),
        )

    def _describe(self, progress: Progress) -> None:
        done, all_of_them = len(progress.parts), len(progress.parts) + len(progress.left)
        workflow.set_current_details(f"Summing up `{self._start.session_id}`: {done} of {all_of_them} pieces")
