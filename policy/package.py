"""What backstage models are told of the call and the task: the same ledger as live, of what was handed over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from contracts.base import Content
from contracts.context import ContextItem, ContextKind, Trust
from contracts.handoff import HandoffContext
from contracts.task import PlanRequest, StepResult
from policy import subtask
from policy.context import ContextLedger
from policy.course_state import Course


def of_step(context: HandoffContext, now: datetime) -> ContextLedger:
    """What the role of a step is told."""
    return ContextLedger().put(*context.context, *_results(context.prior, now), *_speech(context.conversation, now))


def of_plan(request: PlanRequest, now: datetime) -> ContextLedger:
    """What a planner is told: the results are of the work before, and of the steps of the plan so far."""
    task = request.task
    results = _results((*subtask.before(task), *request.results), now)
    return ContextLedger().put(*task.context, *results, *_speech(task.conversation, now))


def corrections(course: Course, now: datetime) -> Iterator[ContextItem]:
    """What changed the request since it was made, each by its number."""
    for number, words in enumerate(course.corrections):
        redirected = number in course.redirections
        yield ContextItem(
            item_id=f"correction/{number:03}",
            kind=ContextKind.FACT,
            source="a colleague, who looked at the plan" if redirected else "the caller, who corrected the request",
            text=words,
            observed_at=now,
            trust=Trust.PERSON,
        )


def _results(results: Iterable[StepResult], now: datetime) -> Iterator[ContextItem]:
    for number, result in enumerate(results):
        yield ContextItem(
            item_id=f"result/{number:03}/{result.step_id}",
            kind=ContextKind.RESULT,
            source=f"step {result.step_id} by {result.role}, {result.status.value}",
            text=result.answer,
            observed_at=now,
            trust=Trust.UNTRUSTED,
        )


def _speech(conversation: Content, now: datetime) -> Iterator[ContextItem]:
    if conversation.body:
        yield ContextItem(
            item_id="conversation",
            kind=ContextKind.SPEECH,
            source="the call",
            text=conversation,
            observed_at=now,
            trust=Trust.PERSON,
        )
