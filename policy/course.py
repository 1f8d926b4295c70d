"""The course of one task: its plan, what came of its steps, and what comes next. Pure changes of one state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from pydantic import Field

from contracts.base import Content, Contract, Moment
from contracts.checkpoint import CheckpointOutcome, CheckpointRule, CheckpointStage
from contracts.composition import Limits
from contracts.task import Control, ControlKind, Plan, PlanStep, StepOrder, StepResult, StepStatus, TaskStage
from policy import checkpoint as checkpoints
from policy import control as steering
from policy import plan as planning
from policy import schedule
from policy.checkpoint import Due
from policy.control import TaskControl

STANDS = (StepStatus.DONE, StepStatus.DECLINED, StepStatus.NEEDS_PERSON)
"""What a step came to that no later plan replaces."""
MAX_EVENTS = 100


class Course(Contract):
    """`past`: results of steps that a later plan replaced. `waiting`: running steps that wait for a person, and how.

    `stopping`: running steps that a correction made wrong. `planned_for`: how many corrections the plan knows of.
    `redirections`: which of the corrections a reviewer gave. `passed`: keys of the checkpoints that were passed.
    """

    control: TaskControl
    limits: Limits
    plan: Plan = Plan(steps=())
    planned: bool = False
    planned_for: int = 0
    corrections: tuple[Content, ...] = ()
    redirections: tuple[int, ...] = ()
    checkpoints: tuple[CheckpointRule, ...] = ()
    passed: tuple[str, ...] = ()
    refused: CheckpointOutcome | None = None
    """How a person who looked at the plan ended the task, or nobody who would have had to."""
    replans: int = 0
    given_up: bool = False
    """No plan could be made: nothing more starts."""
    late: bool = False
    started: tuple[str, ...] = ()
    results: dict[str, StepResult] = Field(default_factory=dict)
    past: tuple[StepResult, ...] = ()
    waiting: dict[str, TaskStage] = Field(default_factory=dict)
    stopping: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    ready_since: dict[str, Moment] = Field(default_factory=dict)
    extended_seconds: float = 0.0

    @property
    def running(self) -> tuple[PlanStep, ...]:
        return tuple(s for s in self.plan.steps if s.step_id in self.started and s.step_id not in self.results)

    @property
    def done(self) -> int:
        return sum(1 for s in self.plan.steps if s.step_id in self.results)

    @property
    def everything(self) -> tuple[StepResult, ...]:
        """Every result, those of replaced steps first, the others in the plan's order."""
        return (*self.past, *(self.results[s.step_id] for s in self.plan.steps if s.step_id in self.results))

    @property
    def closing(self) -> bool:
        """Whether nothing more is to start, and what runs is to stop."""
        return self.control.cancelled or self.late or self.given_up or self.refused is not None


def opened(limits: Limits, now: datetime) -> Course:
    deadline = now + timedelta(seconds=limits.task_seconds)
    return Course(control=TaskControl(deadline=deadline, max_corrections=limits.corrections), limits=limits)


def limited(course: Course, limits: Limits, since: datetime) -> Course:
    """The course under these limits, counted from then: a task is told things before it has read its limits."""
    deadline = since + timedelta(seconds=limits.task_seconds + course.extended_seconds)
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


def looked_at(course: Course, due: Due, outcome: CheckpointOutcome) -> Course:
    """The course after a checkpoint: it goes on, is planned anew by a reviewer's words, or stops."""
    if outcome.goes_on:
        return course.model_copy(update={"passed": (*course.passed, due.key)})
    if outcome.stage is CheckpointStage.REDIRECTED and outcome.note is not None:
        corrections = (*course.corrections, outcome.note)
        redirections = (*course.redirections, len(course.corrections))
        return course.model_copy(update={"corrections": corrections, "redirections": redirections})
    return course.model_copy(update={"refused": outcome})


def clocked(course: Course, now: datetime) -> Course:
    """The course at that time: its clock stands still while all that runs waits for a person."""
    running = {s.step_id for s in course.running}
    waits = running <= set(course.waiting) if running else checkpoint(course) is not None
    control = steering.clocked(course.control, now, waiting=waits and not needs_plan(course))
    open_still = not (control.cancelled or over(course))
    late = course.late or (open_still and steering.expired(control, now))
    ready = planning.ready(course.plan, course.started, course.results)
    since = {s.step_id: course.ready_since.get(s.step_id, now) for s in ready}
    return course.model_copy(update={"control": control, "late": late, "ready_since": since})


def needs_plan(course: Course) -> bool:
    """Whether a plan has to be made, or made anew, before anything more starts."""
    if course.closing:
        return False
    return not course.planned or course.planned_for < len(course.corrections) or _may_replan(course)


def corrected(course: Course) -> bool:
    """Whether what runs may be wrong by now: the caller corrected the task, and no plan knows of it yet."""
    return course.planned and course.planned_for < len(course.corrections)


def _may_replan(course: Course) -> bool:
    failed = any(r.status is StepStatus.FAILED for r in course.results.values())
    return failed and course.replans < course.limits.failure_replans


def proposed(course: Course, again: Plan) -> Plan:
    """The whole plan, if `again` became part of it: behind what stands or runs, and is not stopped by a correction."""
    kept = [s for s in course.plan.steps if s.step_id in course.started and not _replaced(course, s, again)]
    gone = {s.step_id for s in course.plan.steps if s.step_id in course.started} | {r.step_id for r in course.past}
    return planning.merged(kept, gone - {s.step_id for s in kept}, again)


def _replaced(course: Course, step: PlanStep, again: Plan) -> bool:
    if step.step_id in course.results:
        return course.results[step.step_id].status not in STANDS
    repeated = any((s.step_id, s.role, s.goal.body) == (step.step_id, step.role, step.goal.body) for s in again.steps)
    return step.step_id in course.stopping or (corrected(course) and not repeated)


def replanned(course: Course, again: Plan, corrections: int) -> Course:
    """The course with a plan that was made when so many corrections were known."""
    whole = proposed(course, again)
    ids = {s.step_id for s in whole.steps}
    stopped = tuple(s for s in course.running if s.step_id not in ids)
    gone = tuple(r for step_id, r in course.results.items() if step_id not in ids)
    by_failure = course.planned and course.planned_for == corrections
    return course.model_copy(
        update={
            "plan": Plan(steps=(*stopped, *whole.steps)),
            "planned": True,
            "planned_for": corrections,
            "replans": course.replans + by_failure,
            "results": {i: r for i, r in course.results.items() if i in ids},
            "past": (*course.past, *gone),
            "stopping": tuple(s.step_id for s in stopped),
        }
    )


def not_replanned(course: Course) -> Course:
    """The course when no plan could be made. After a failed step the old one stands; else there is nothing to go by."""
    if course.planned and not corrected(course):
        return course.model_copy(update={"replans": course.limits.failure_replans})
    return course.model_copy(update={"given_up": True})


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
    return StepOrder.PAUSE if course.control.suspended or corrected(course) else StepOrder.GO


def over(course: Course) -> bool:
    """Whether nothing runs, and nothing will."""
    if course.running or needs_plan(course) or checkpoint(course) is not None:
        return False
    return course.closing or all(s.step_id in course.results for s in course.plan.steps)


def wake_at(course: Course) -> datetime | None:
    """When to look again although nothing has happened: at the deadline, or when a waiting step's time comes."""
    times = [] if course.closing or course.control.paused_since is not None else [course.control.deadline]
    if course.control.may_start and not needs_plan(course) and not course.closing:
        due = schedule.next_due(course.plan, course.started, course.results, course.ready_since)
        times += [due] if due is not None else []
    return min(times, default=None)


def stage(course: Course) -> TaskStage:
    """The stage while the task is open."""
    if course.control.suspended:
        return TaskStage.SUSPENDED
    if needs_plan(course):
        return TaskStage.PLANNING
    if checkpoint(course) is not None:
        return TaskStage.WAITING_APPROVAL
    return next(iter(course.waiting.values()), TaskStage.RUNNING)


def missing(course: Course) -> tuple[PlanStep, ...]:
    """Steps of the plan of which nothing can be told that stands."""
    return tuple(s for s in course.plan.steps if _status(course.results, s) not in STANDS)


def _status(results: Mapping[str, StepResult], step: PlanStep) -> StepStatus | None:
    return results[step.step_id].status if step.step_id in results else None
