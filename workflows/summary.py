"""A call that ended is summarized."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.models import ModelActivities
    from activities.transcripts import TranscriptActivities
    from contracts.base import Content
    from contracts.names import session_workflow_id
    from contracts.records import ArtifactRecord
    from contracts.summary import Summary, SummaryStart
    from workflows import options, recording


@workflow.defn(name="Summary")
class SummaryWorkflow:
    @workflow.run
    async def run(self, start: SummaryStart) -> None:
        request = await workflow.execute_activity_method(
            TranscriptActivities.gather, start, **options.records("transcript")
        )
        summary: Summary = await workflow.execute_activity_method(
            ModelActivities.summarize, request, **options.models("summary", patience=timedelta(hours=24))
        )
        await recording.write(
            ArtifactRecord(
                artifact_id=f"{start.session_id}.summary",
                session_id=start.session_id,
                subject_id=start.subject_id,
                kind="summary",
                body=Content(subject_id=start.subject_id, body=summary.model_dump_json()),
                created_at=workflow.now(),
            ),
            recording.audit(
                start.session_id,
                actor="role:summarizer",
                action="summary.written",
                target=session_workflow_id(start.session_id),
                action_items=len(summary.action_items),
                decisions=len(summary.decisions),
            ),
            summary="summary written",
        )
        workflow.set_current_details(
            f"Summary of `{start.session_id}`: {len(summary.action_items)} action items, "
            f"{len(summary.decisions)} decisions, {len(summary.promises)} promises"
        )
