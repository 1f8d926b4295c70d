"""A checkpoint: a person looks at a plan before it runs, or before or after a step, and may redirect what comes."""

from __future__ import annotations

from enum import StrEnum

from contracts import review
from contracts.base import Content, Contract, Name
from contracts.review import ReviewRules, ReviewView
from contracts.task import Parent, PlanStep


class CheckpointAt(StrEnum):
    PLAN = "plan"
    """Before anything of a new plan runs."""
    BEFORE_STEP = "before_step"
    AFTER_STEP = "after_step"


class CheckpointRule(ReviewRules):
    """`role`: only for steps of that role (for `at: plan`, only if the plan has one). `why` is told to the reviewer.

    If nobody decides, the task stops (`deny`), or goes on (`go_on`), as the ladder's last rung says.
    """

    id: Name
    at: CheckpointAt
    role: str | None = None
    why: str


class CheckpointVerdict(StrEnum):
    APPROVE = "approve"
    REDIRECT = "redirect"
    """What has not run yet is planned anew by the reviewer's words, the `note`, or is the plan that they give."""
    REJECT = "reject"

    @property
    def stage(self) -> CheckpointStage:
        return CheckpointStage({"approve": "approved", "redirect": "redirected", "reject": "rejected"}[self.value])


class CheckpointStage(StrEnum):
    OPEN = review.OPEN
    APPROVED = "approved"
    REDIRECTED = "redirected"
    REJECTED = "rejected"
    EXPIRED = review.EXPIRED
    WITHDRAWN = review.WITHDRAWN


class CheckpointRequest(Contract):
    """Input of a checkpoint workflow. `plan` is the plan and what came of it so far, in words for the reviewer.

    `digest` is over the plan and what was done of it: what a decision covers. The outcome goes to `reply_to` (a
    workflow id) by the signal `checkpoint_decided`.
    """

    checkpoint_id: str
    task_id: str
    session_id: str
    subject_id: str
    composition: str
    step_id: str | None = None
    goal: Content
    plan: Content
    digest: str
    standing: tuple[PlanStep, ...] = ()
    ahead: tuple[PlanStep, ...] = ()
    """The steps that have begun, and those that have not and may be edited."""
    parent: Parent | None = None
    """What a task that is a step has of the one above: it bounds its plan."""
    rule: CheckpointRule
    reply_to: str


class CheckpointOutcome(Contract):
    """`note`: the reviewer's words, which redirect the plan or say why it stops. `goes_on`: whether work may go on.

    `steps`: what is to run in place of what has not, where the reviewer edited the plan.
    """

    checkpoint_id: str
    stage: CheckpointStage
    goes_on: bool
    reviewer: str | None = None
    note: Content | None = None
    steps: tuple[PlanStep, ...] | None = None


class CheckpointView(Contract):
    """Answer of the checkpoint workflow's query."""

    request: CheckpointRequest
    review: ReviewView
