"""A task is durable work in several steps; a step is given to one backstage role."""

from __future__ import annotations

from enum import StrEnum

from pydantic import ConfigDict, Field

from contracts.base import Content, Contract, Moment
from contracts.context import ContextItem
from contracts.taint import Influence


class TaskRequest(Contract):
    """What the live agent delegates. `task_id` is made by the sender, so a re-send cannot double the work.

    `conversation` is the speech that led to the request, newest last, rendered one line a turn; `context` what else is
    known in the call: what was said before, documents, what is seen.
    """

    task_id: str
    session_id: str
    subject_id: str
    composition: str
    goal: Content
    conversation: Content
    requested_at: Moment
    context: tuple[ContextItem, ...] = ()
    influences: tuple[Influence, ...] = ()
    """Untrusted text that the live agent had read in the call before it asked."""
    parent: Parent | None = None


class Parent(Contract):
    """What a task that is a step of another one has of it. `depth`: how many tasks it is part of.

    `deadline` and `steps`: the time and the number of steps, with those of all tasks below, that it may use.
    """

    task_id: str
    step_id: str
    depth: int = Field(ge=1)
    deadline: Moment
    steps: int = Field(ge=1)
    prior: tuple[StepResult, ...] = ()
    corrections: tuple[Content, ...] = ()


class TaskStage(StrEnum):
    PLANNING = "planning"
    RUNNING = "running"
    WAITING_APPROVAL = "waiting_approval"
    WAITING = "waiting"
    """Nothing is to be done before a time has come, or an event from outside."""
    SUSPENDED = "suspended"
    DONE = "done"
    NEEDS_PERSON = "needs_person"
    """It could not be told what happened: a person has to look."""
    DECLINED = "declined"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether the work has ended. A task that needs a person has ended for the machine."""
        return self not in _OPEN


_OPEN = frozenset(
    (TaskStage.PLANNING, TaskStage.RUNNING, TaskStage.WAITING_APPROVAL, TaskStage.WAITING, TaskStage.SUSPENDED)
)


class TaskState(Contract):
    """Where a task stands, as sessions and records keep it. `revision` rises with every change."""

    task_id: str
    session_id: str
    subject_id: str
    composition: str
    stage: TaskStage
    revision: int
    steps_done: int = 0
    steps_total: int = 0
    goal: Content | None = None
    sentence: Content | None = None
    """What may be spoken about this state."""


class WaitFor(Contract):
    """What a step waits for once its needs are done: a named event from outside, or a time in seconds, or either."""

    model_config = ConfigDict(allow_inf_nan=False)

    event: str | None = None
    seconds: float | None = Field(default=None, gt=0)


class StepKind(StrEnum):
    WORK = "work"
    TASK = "task"
    """A task of its own: planned, steered and undone with the one that it is part of."""


PLANNER = "planner"
"""The role that makes plans, and that a step of kind task names."""


class PlanStep(Contract):
    """One step of a plan. `depends_on` names steps whose results this one needs.

    `capabilities`, where a planner declares them, are what the step is going to use of its role's.
    """

    step_id: str
    kind: StepKind = StepKind.WORK
    role: str
    goal: Content
    depends_on: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    wait_for: WaitFor | None = None


class Plan(Contract):
    steps: tuple[PlanStep, ...]


class PlanRequest(Contract):
    """Input of the planning activity. `errors` carries what was wrong with the previous attempt.

    A task is planned anew with what came of its steps so far (`results`), the steps that are under way (`running`),
    and what the caller corrected, oldest first. `now`: when it is asked for.
    """

    task: TaskRequest
    now: Moment | None = None
    errors: tuple[str, ...] = ()
    results: tuple[StepResult, ...] = ()
    running: tuple[PlanStep, ...] = ()
    corrections: tuple[Content, ...] = ()


class StepStatus(StrEnum):
    DONE = "done"
    DECLINED = "declined"
    NEEDS_PERSON = "needs_person"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class Compensation(Contract):
    """The call that undoes an effect. `arguments` is JSON."""

    tool: str
    arguments: Content


class EffectRecord(Contract):
    """An effect that a step had: which tool, under which key, with what outcome.

    `action` says it in plain words; `undo` is None where nothing undoes it. `role`: who had it, where the step is a
    task of its own.
    """

    tool: str
    role: str | None = None
    call_id: str
    idempotency_key: str | None
    status: str
    at: Moment | None = None
    action: Content | None = None
    undo: Compensation | None = None


class StepResult(Contract):
    """`partial`: the answer tells all that can be told of a task of its own, although that was not done."""

    step_id: str
    role: str
    status: StepStatus
    answer: Content
    partial: bool = False
    effects: tuple[EffectRecord, ...] = ()
    influences: tuple[Influence, ...] = ()
    """Untrusted text that the step's model has read: its answer stays tainted with it."""


class TaskResult(Contract):
    """Of a task that is a step: `effects`, all that it and the tasks below it did, and did not undo; `influences`, the
    untrusted text that was read there."""

    task_id: str
    stage: TaskStage
    speech: Content
    steps: tuple[StepResult, ...]
    effects: tuple[EffectRecord, ...] = ()
    influences: tuple[Influence, ...] = ()


class StepNews(Contract):
    """A hand-off, or a task that is a step, tells its task where it stands, by signal."""

    step_id: str
    stage: TaskStage


class StepOrder(StrEnum):
    GO = "go"
    PAUSE = "pause"
    STOP = "stop"


class StepControl(Contract):
    """A task tells a step by signal to go on, to pause before its next call, or to stop. Lower revision: old.

    `corrections`: all that a step which is a task of its own has to know of by now, oldest first.
    """

    revision: int
    order: StepOrder
    deadline: Moment
    corrections: tuple[Content, ...] = ()


class ControlKind(StrEnum):
    """What a task can be told while it runs."""

    SUSPEND = "suspend"
    RESUME = "resume"
    CORRECT = "correct"
    CANCEL = "cancel"
    EXTEND = "extend_deadline"


class Control(Contract):
    """Argument of a task's control signals and updates. `by` names who asks.

    `words`: the correction, or why it is cancelled; `seconds`: how much later the deadline is to be.
    """

    by: str = "signal"
    words: Content | None = None
    seconds: float = 0.0


class TaskOrder(Contract):
    """An order on its way to the task. `order_id` is made by its sender: a re-send is no second order."""

    order_id: str
    task_id: str
    kind: ControlKind
    order: Control


TaskRequest.model_rebuild()
Parent.model_rebuild()
PlanRequest.model_rebuild()
