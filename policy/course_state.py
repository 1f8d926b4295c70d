"""What is known of one task while it runs: its plan, what came of its steps, and how it is steered."""

from __future__ import annotations

from pydantic import Field

from contracts.base import Content, Contract, Moment
from contracts.checkpoint import CheckpointOutcome, CheckpointRule
from contracts.composition import Limits
from contracts.task import Parent, Plan, PlanStep, StepResult, StepStatus, TaskStage
from policy.control import TaskControl

STANDS = (StepStatus.DONE, StepStatus.DECLINED, StepStatus.NEEDS_PERSON)
"""What a step came to that no later plan replaces."""


class Course(Contract):
    """`past`: results of steps that a later plan replaced. `waiting`: running steps that wait for a person, and how.

    `stopping`: running steps that a correction made wrong. `planned_for`: how many corrections the plan knows of; None:
    there is none yet. `parent`: what the task knows by now of the one that it is a step of.
    `redirections`: which of the corrections a reviewer gave. `passed`: keys of the checkpoints that were passed.
    """

    control: TaskControl
    limits: Limits
    plan: Plan = Plan(steps=())
    planned_for: int | None = None
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
    parent: Parent | None = None
    told: int = 0
    """The last revision that the parent told."""

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
        control = self.control
        return control.cancelled or control.stopped or self.late or self.given_up or self.refused is not None
