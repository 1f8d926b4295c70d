"""What a call remembers beyond its recent turns: made beside the call, so that no turn ever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, is_cancelled_exception

with workflow.unsafe.imports_passed_through():
    from activities.models import ModelActivities
    from activities.transcripts import TranscriptActivities
    from contracts.base import Content
    from contracts.composition import Composition
    from contracts.session import SessionStart, Turn
    from contracts.summary import Summary, SummaryRequest, SummaryStart
    from policy import rolling
    from policy.session import SessionState, outcomes
    from workflows import options

AFTER_FAILURE = timedelta(seconds=60)


async def last_call(start: SessionStart) -> Content | None:
    """What the subject's call before this one came to. A call does not wait long for it, and goes on without."""
    request = SummaryStart(session_id=start.session_id, subject_id=start.subject_id, composition=start.composition)
    try:
        return await workflow.execute_activity_method(
            TranscriptActivities.last_call, request, **options.records_soon("what the last call came to")
        )
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        workflow.logger.warning("goes on without the last call: %s", type(error.cause).__name__)
        return None


async def keep_summary(
    composition: Composition,
    state: Callable[[], SessionState],
    made: Callable[[Summary, tuple[Turn, ...]], None],
) -> None:
    """Until cancelled: folds the older turns into the summary whenever turns and summary outgrow their limits.

    While the summarizer fails the turns stay, up to `policy.rolling.most_turns`.
    """
    limits = composition.limits
    if not rolling.has_summarizer(composition):
        return

    def due() -> tuple[Turn, ...]:
        return rolling.to_fold(state().turns, state().summary, limits)

    while True:
        await workflow.wait_condition(lambda: bool(due()))
        turns, now = due(), state()
        request = SummaryRequest(
            session_id=now.start.session_id,
            subject_id=now.start.subject_id,
            composition=composition.id,
            day=rolling.day_of(now.start.opened_at, composition.time_zone),
            parts=(now.summary,) if now.summary is not None else (),
            turns=turns,
            outcomes=outcomes(now),
        )
        try:
            summary = await workflow.execute_activity_method(
                ModelActivities.summarize, request, **options.models(f"rolling summary, {len(turns)} turns more")
            )
        except ActivityError as error:
            if is_cancelled_exception(error):
                raise
            workflow.logger.warning("no rolling summary: %s", type(error.cause).__name__)
            await workflow.sleep(AFTER_FAILURE, summary="until the summarizer is asked again")
            continue
        made(rolling.bounded(summary, limits.summary_tokens), turns)
