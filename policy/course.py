"""The course of one task: its plan, what came of its steps, and what comes next. Pure changes of one state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from contracts.composition import Limits
from contracts.task import (
    Control,
    ControlKind,
    Parent,
    Plan,
    PlanStep,
    StepControl,
    StepOrder,
    StepResult,
    StepStatus,
    TaskStage,
)
from policy import checkpoint as checkpoints
from policy import control as steering
from policy import plan as planning
from policy import schedule
from policy.checkpoint import Due
from policy.control import TaskControl
from policy.course_state import STANDS, Course

MAX_EVENTS = 100


def opened(limits: Limits, now: datetime, parent: Parent | None = None) -> Course:
    course = Course(
        control=TaskControl(deadline=now),
        limits=limits,
        parent=parent,
        corrections=parent.corrections if parent else (),
    )
    return limited(course, limits, now)


def limited(course: Course, limits: Limits, since: datetime) -> Course:
    """The course under these limits, counted from then: a task is told things before it has read its limits."""
    deadline = since + timedelta(seconds=limits.task_seconds)
    if course.parent is not None:
        deadline = min(deadline, course.parent.deadline)
    deadline += timedelta(seconds=course.extended_seconds)
    changes = {"deadline": deadline, "max_corrections": limits.corrections}
    return course.model_copy(update={"limits": limits, "control": course.control.model_copy(update=changes)})


def closed(course: Course) -> Course:
    """The course after its end: what it is told from now on is refused."""
    return course.model_copy(update={"control": course.control.model_copy(update={"ended": True})})


def told(course: Course, kind: ControlKind, order: Control) -> Course:
    """The course after an order that was not refused."""
    changes: dict[str, object] = {"control": steering.steered(course.control, kind, order)}
    if kind is ControlKind.CORRECT and order.words is not None:
        changes["corrections"] = (*course.corrections, order.words)
    if kind is ControlKind.EXTEND:
        changes["extended_seconds"] = course.extended_seconds + order.seconds
    return course.model_copy(update=changes)


def directed(course: Course, order: StepControl) -> Course:
    """The course after the task that it is a step of told it something: once stopped, it stays so."""
    known = course.parent
    if known is None or order.revision <= course.told:
        return course
    later = order.deadline - known.deadline
    control = course.control.model_copy(
        update={
            "held": order.order is StepOrder.PAUSE,
            "stopped": course.control.stopped or order.order is StepOrder.STOP,
            "deadline": course.control.deadline + later,
        }
    )
    corrections = order.corrections[len(known.corrections) :]
    parent = known.model_copy(update={"deadline": order.deadline, "corrections": (*known.corrections, *corrections)})
    return course.model_copy(
        update={
            "told": order.revision,
            "parent": parent,
            "control": control,
            "corrections": (*course.corrections, *corrections),
            "extended_seconds": course.extended_seconds + later.total_seconds(),
        }
    )


def happened(course: Course, event: str) -> Course:
    """The course after a named event from outside. Events are kept: a step may come to wait for one later."""
    known = course.events
    return course if event in known else course.model_copy(update={"events": (*known, event)[-MAX_EVENTS:]})


def checkpoint(course: Course) -> Due | None:
    """Where a person has to look before anything more starts, or before the end."""
    if course.closing or needs_plan(course):
        return None
    plan = Plan(steps=tuple(s for s in course.plan.steps if s.step_id not in course.stopping))
    return checkpoints.due(course.checkpoints, plan, course.started, course.results, course.passed)


def clocked(course: Course, now: datetime) -> Course:
    """The course at that time: its clock stands still while all that runs waits for a person."""
    ready = planning.ready(course.plan, course.started, course.results)
    since = {s.step_id: course.ready_since.get(s.step_id, now) for s in ready}
    course = course.model_copy(update={"ready_since": since})
    running = {s.step_id for s in course.running}
    outside = _gives_up_waiting(course, now)
    waits = running <= set(course.waiting) if running else checkpoint(course) is not None or outside is not None
    control = steering.clocked(course.control, now, waiting=waits and not needs_plan(course))
    open_still = not (control.cancelled or control.stopped or over(course))
    in_vain = outside is not None and now >= outside
    late = course.late or (open_still and (in_vain or steering.expired(control, now)))
    return course.model_copy(update={"control": control, "late": late})


def _gives_up_waiting(course: Course, now: datetime) -> datetime | None:
    """When the task has waited for too long; None unless nothing runs, and all that might wait for their time or an
    event from outside."""
    if course.running or course.closing or needs_plan(course) or checkpoint(course) is not None:
        return None
    since = schedule.waits_since(course.plan, course.started, course.results, course.ready_since, course.events, now)
    return since + timedelta(seconds=course.limits.wait_seconds) if since is not None else None


def needs_plan(course: Course) -> bool:
    """Whether a plan has to be made, or made anew, before anything more starts."""
    if course.closing:
        return False
    return course.planned_for is None or course.planned_for < len(course.corrections) or _may_replan(course)


def corrected(course: Course) -> bool:
    """Whether what runs may be wrong by now: the caller corrected the task, and no plan knows of it yet."""
    return course.planned_for is not None and course.planned_for < len(course.corrections)


def _may_replan(course: Course) -> bool:
    failed = any(r.status is StepStatus.FAILED for r in course.results.values())
    return failed and course.replans < course.limits.failure_replans


def to_start(course: Course, now: datetime) -> tuple[PlanStep, ...]:
    if course.closing or needs_plan(course) or course.stopping or checkpoint(course) is not None:
        return ()
    known = {s.step_id for s in course.plan.steps}
    return schedule.startable(
        course.plan,
        [i for i in course.started if i in known],  # what a later plan replaced takes no room
        course.results,
        control=course.control,
        parallel=course.limits.parallel_steps,
        ready_since=course.ready_since,
        events=course.events,
        now=now,
    )


def to_skip(course: Course) -> tuple[PlanStep, ...]:
    """Steps that can never start any more."""
    if needs_plan(course):
        return ()
    if course.closing:
        return tuple(s for s in course.plan.steps if s.step_id not in course.started)
    return planning.blocked(course.plan, course.started, course.results)


def started(course: Course, step_id: str) -> Course:
    return course.model_copy(update={"started": (*course.started, step_id)})


def skipped(course: Course, result: StepResult) -> Course:
    """The course with a step that is not started. It counts as started, so that nothing starts it later."""
    return ended(started(course, result.step_id), result)


def ended(course: Course, result: StepResult) -> Course:
    """The course with what came of a step. One that a correction stopped is of the past."""
    step_id = result.step_id
    changes: dict[str, object] = {"waiting": {i: w for i, w in course.waiting.items() if i != step_id}}
    if step_id in course.stopping:
        changes["past"] = (*course.past, result)
        changes["stopping"] = tuple(i for i in course.stopping if i != step_id)
        changes["plan"] = Plan(steps=tuple(s for s in course.plan.steps if s.step_id != step_id))
    else:
        changes["results"] = {**course.results, step_id: result}
    return course.model_copy(update=changes)


def moved(course: Course, step_id: str, stage: TaskStage) -> Course:
    """The course after a running step said that it waits for a person, or works again."""
    waiting = {i: w for i, w in course.waiting.items() if i != step_id}
    if stage is not TaskStage.RUNNING and any(s.step_id == step_id for s in course.running):
        waiting[step_id] = stage
    return course.model_copy(update={"waiting": waiting})


def wanted(course: Course, step_id: str) -> StepOrder:
    """What a running step should do now."""
    if course.closing or step_id in course.stopping:
        return StepOrder.STOP
    held = course.control.suspended or course.control.held or corrected(course)
    return StepOrder.PAUSE if held else StepOrder.GO


def over(course: Course) -> bool:
    """Whether nothing runs, and nothing will."""
    if course.running or needs_plan(course) or checkpoint(course) is not None:
        return False
    return course.closing or all(s.step_id in course.results for s in course.plan.steps)


def wake_at(course: Course, now: datetime) -> datetime | None:
    """When to look again although nothing has happened: at the deadline, or when a waiting step's time comes."""
    times = [] if course.closing or course.control.paused_since is not None else [course.control.deadline]
    if course.control.may_start and not needs_plan(course) and not course.closing:
        due = schedule.next_due(course.plan, course.started, course.results, course.ready_since)
        given_up = _gives_up_waiting(course, now)
        times += [t for t in (due, given_up) if t is not None]
    return min(times, default=None)


def stage(course: Course, now: datetime) -> TaskStage:
    """The stage while the task is open."""
    if course.control.suspended or course.control.held:
        return TaskStage.SUSPENDED
    if needs_plan(course):
        return TaskStage.PLANNING
    if checkpoint(course) is not None:
        return TaskStage.WAITING_APPROVAL
    if _gives_up_waiting(course, now) is not None:
        return TaskStage.WAITING
    return next(iter(course.waiting.values()), TaskStage.RUNNING)


def missing(course: Course) -> tuple[PlanStep, ...]:
    """Steps of the plan of which nothing can be told that stands."""
    return tuple(s for s in course.plan.steps if _status(course.results, s) not in STANDS)


def _status(results: Mapping[str, StepResult], step: PlanStep) -> StepStatus | None:
    return results[step.step_id].status if step.step_id in results else None
