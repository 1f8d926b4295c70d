"""Which steps of a task may start now, and when to look again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from contracts.task import Plan, PlanStep, StepResult
from policy import plan as planning
from policy.control import TaskControl


def startable(
    plan: Plan,
    started: Collection[str],
    results: Mapping[str, StepResult],
    *,
    control: TaskControl,
    parallel: int,
    ready_since: Mapping[str, datetime],
    events: Collection[str],
    now: datetime,
) -> tuple[PlanStep, ...]:
    """Steps to start now, in the plan's order: their needs are done, what they wait for has come, and there is room.

    `ready_since`: when the needs of a step were first seen done; its own time counts from then.
    """
    if not control.may_start:
        return ()
    room = parallel - sum(1 for step_id in started if step_id not in results)
    free = [s for s in planning.ready(plan, started, results) if _has_come(s, ready_since, events, now)]
    return tuple(free[: max(room, 0)])


def _has_come(step: PlanStep, ready_since: Mapping[str, datetime], events: Collection[str], now: datetime) -> bool:
    if step.wait_for is None or (step.wait_for.event is None and step.wait_for.seconds is None):
        return True
    due = _due(step, ready_since)
    return step.wait_for.event in events or (due is not None and now >= due)


def _due(step: PlanStep, ready_since: Mapping[str, datetime]) -> datetime | None:
    if step.wait_for is None or step.wait_for.seconds is None or step.step_id not in ready_since:
        return None
    return ready_since[step.step_id] + timedelta(seconds=step.wait_for.seconds)


def waits_since(
    plan: Plan,
    started: Collection[str],
    results: Mapping[str, StepResult],
    ready_since: Mapping[str, datetime],
    events: Collection[str],
    now: datetime,
) -> datetime | None:
    """Since when the last of the steps that might start waits for its time or an event; None if one need not wait."""
    waiting = planning.ready(plan, started, results)
    if any(_has_come(step, ready_since, events, now) for step in waiting):
        return None
    return max((ready_since.get(step.step_id, now) for step in waiting), default=None)


def next_due(
    plan: Plan, started: Collection[str], results: Mapping[str, StepResult], ready_since: Mapping[str, datetime]
) -> datetime | None:
    """When the next waiting step's time comes; None if none waits for its time."""
    times = [_due(step, ready_since) for step in planning.ready(plan, started, results)]
    return min((t for t in times if t is not None), default=None)
