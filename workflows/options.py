"""Time limits and retry rules of activities, and the typed search attributes."""

from __future__ import annotations

from datetime import timedelta

from temporalio.common import RetryPolicy, SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.workflow import ActivityCancellationType, ActivityConfig

from contracts.names import SearchAttribute, TaskQueue

TOOL_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=300), maximum_interval=timedelta(seconds=5), maximum_attempts=10
)
TOOL_ONCE = RetryPolicy(maximum_attempts=1)


def records(summary: str) -> ActivityConfig:
    """The database may be away for long; nothing is lost by waiting."""
    return ActivityConfig(
        task_queue=TaskQueue.RECORDS.value,
        start_to_close_timeout=timedelta(seconds=20),
        schedule_to_close_timeout=timedelta(hours=24),
        retry_policy=RetryPolicy(
            initial_interval=timedelta(milliseconds=200),
            maximum_interval=timedelta(seconds=10),
            non_retryable_error_types=["StoreError"],  # its kinds that pass by have names of their own
        ),
        summary=summary,
    )


def records_soon(summary: str) -> ActivityConfig:
    """A read that somebody waits for: what cannot be had at once is done without."""
    return ActivityConfig(
        task_queue=TaskQueue.RECORDS.value,
        start_to_close_timeout=timedelta(seconds=3),
        schedule_to_close_timeout=timedelta(seconds=5),
        retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=200)),
        summary=summary,
    )


def models(summary: str, *, patience: timedelta = timedelta(minutes=5)) -> ActivityConfig:
    """A model call; `patience` is how long its failures may go on before the work goes on without it."""
    return ActivityConfig(
        task_queue=TaskQueue.MODELS.value,
        start_to_close_timeout=timedelta(seconds=30),
        schedule_to_close_timeout=patience,
        retry_policy=RetryPolicy(initial_interval=timedelta(milliseconds=500), maximum_interval=timedelta(seconds=20)),
        summary=summary,
    )


def webhook(summary: str) -> ActivityConfig:
    """Somebody else's service may be away for a day."""
    return ActivityConfig(
        task_queue=TaskQueue.TOOLS.value,
        start_to_close_timeout=timedelta(seconds=20),
        schedule_to_close_timeout=timedelta(hours=24),
        retry_policy=RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=5)),
        summary=summary,
    )


def rooms(summary: str) -> ActivityConfig:
    return ActivityConfig(
        task_queue=TaskQueue.ROOMS.value,
        start_to_close_timeout=timedelta(seconds=15),
        schedule_to_close_timeout=timedelta(minutes=2),
        retry_policy=RetryPolicy(
            initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=5), maximum_attempts=5
        ),
        summary=summary,
    )


def attend(heartbeat_timeout: float, summary: str) -> ActivityConfig:
    """A call is an activity: as long as the call, kept alive by the agent's heartbeat, never retried by the server."""
    return ActivityConfig(
        task_queue=TaskQueue.ROOMS.value,
        start_to_close_timeout=timedelta(hours=12),
        heartbeat_timeout=timedelta(seconds=heartbeat_timeout),
        retry_policy=RetryPolicy(maximum_attempts=1),
        cancellation_type=ActivityCancellationType.TRY_CANCEL,
        summary=summary,
    )


def tool(seconds: float, summary: str, *, repeatable: bool) -> ActivityConfig:
    """A tool call with its own limit in seconds, and time to come back. Only a repeatable one is retried."""
    return ActivityConfig(
        task_queue=TaskQueue.TOOLS.value,
        start_to_close_timeout=timedelta(seconds=seconds + 5),
        schedule_to_close_timeout=timedelta(minutes=5),
        retry_policy=TOOL_RETRY if repeatable else TOOL_ONCE,
        summary=summary,
    )


def question(summary: str) -> ActivityConfig:
    """Something asked of a tool's server while a person waits: better soon no answer than a late one."""
    return ActivityConfig(
        task_queue=TaskQueue.TOOLS.value,
        start_to_close_timeout=timedelta(seconds=5),
        schedule_to_close_timeout=timedelta(seconds=10),
        retry_policy=TOOL_RETRY,
        summary=summary,
    )


SESSION = SearchAttributeKey.for_keyword(SearchAttribute.SESSION.value)
SUBJECT = SearchAttributeKey.for_keyword(SearchAttribute.SUBJECT.value)
COMPOSITION = SearchAttributeKey.for_keyword(SearchAttribute.COMPOSITION.value)
TASK_STATE = SearchAttributeKey.for_keyword(SearchAttribute.TASK_STATE.value)
APPROVAL_STATE = SearchAttributeKey.for_keyword(SearchAttribute.APPROVAL_STATE.value)
REVIEW_STATE = SearchAttributeKey.for_keyword(SearchAttribute.REVIEW_STATE.value)
RISK = SearchAttributeKey.for_keyword(SearchAttribute.RISK.value)
REVIEWER = SearchAttributeKey.for_keyword(SearchAttribute.REVIEWER.value)
DEADLINE = SearchAttributeKey.for_datetime(SearchAttribute.DEADLINE.value)


def about(session_id: str, subject_id: str, composition: str, *, risk: str | None = None) -> TypedSearchAttributes:
    """Search attributes of what belongs to a call."""
    pairs = [
        SearchAttributePair(SESSION, session_id),
        SearchAttributePair(SUBJECT, subject_id),
        SearchAttributePair(COMPOSITION, composition),
    ]
    return TypedSearchAttributes(pairs if risk is None else [*pairs, SearchAttributePair(RISK, risk)])
