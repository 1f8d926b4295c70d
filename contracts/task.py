"""A task is durable work in several steps; a step is given to one backstage role."""

from __future__ import annotations

from enum import StrEnum

from contracts.base import Content, Contract, Moment


class TaskRequest(Contract):
    """What the live agent delegates. `task_id` is made by the sender, so a re-send cannot double the work.

    `conversation` is the speech that led to the request, newest last, rendered one line a turn.
    """

    task_id: str
    session_id: str
    subject_id: str
    composition: str
    goal: Content
    conversation: Content
    requested_at: Moment


class TaskStage(StrEnum):
    PLANNING = "planning"
    RUNNING = "running"
    WAITING_APPROVAL = "waiting_approval"
    DONE = "done"
    NEEDS_PERSON = "needs_person"
    """It could not be told what happened: a person has to look."""
    DECLINED = "declined"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """Whether the work has ended. A task that needs a person has ended for the machine."""
        return self not in (TaskStage.PLANNING, TaskStage.RUNNING, TaskStage.WAITING_APPROVAL)


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


class PlanStep(Contract):
    """One step of a plan. `depends_on` names steps whose results this one needs."""

    step_id: str
    role: str
    goal: Content
    depends_on: tuple[str, ...] = ()


class Plan(Contract):
    steps: tuple[PlanStep, ...]


class PlanRequest(Contract):
    """Input of the planning activity. `errors` carries what was wrong with the previous attempt."""

    task: TaskRequest
    errors: tuple[str, ...] = ()


class StepStatus(StrEnum):
    DONE = "done"
    DECLINED = "declined"
    NEEDS_PERSON = "needs_person"
    FAILED = "failed"
    SKIPPED = "skipped"


class EffectRecord(Contract):
    """An effect that a step had: which tool, under which key, with what outcome."""

    tool: str
    call_id: str
    idempotency_key: str | None
    status: str


class StepResult(Contract):
    step_id: str
    role: str
    status: StepStatus
    answer: Content
    effects: tuple[EffectRecord, ...] = ()


class TaskResult(Contract):
    task_id: str
    stage: TaskStage
    speech: Content
    steps: tuple[StepResult, ...]


class StepNews(Contract):
    """A hand-off tells its task where it stands, by signal."""

    step_id: str
    stage: TaskStage
