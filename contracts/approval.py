"""An approval is one gated action that waits for a named person, whose decision covers exactly the action shown."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from contracts.base import Content, Contract, Moment
from contracts.ladder import Ladder, Rung
from contracts.taint import Influence


class Verdict(StrEnum):
    APPROVE = "approve"
    """The action shown; or, with `arguments`, the action with these changed."""
    APPROVE_AND_GRANT = "approve_and_grant"
    """The same, and further calls of the kind without asking: by `scope`, for `seconds`, within what may `vary`."""
    REJECT = "reject"
    ASK = "ask"
    """The caller is asked the `question`; it goes on waiting."""
    TAKE_OVER = "take_over"
    """The reviewer does it: it is out of the agent's hands."""
    EXTEND = "extend"
    """A later deadline, by `seconds`."""
    DELEGATE = "delegate"
    """Only `to` may decide from then on: a reviewer's name, or `group:NAME`."""
    CLAIM = "claim"
    """Shown to the others; it binds nobody."""
    RELEASE = "release"

    @property
    def decides(self) -> bool:
        """Whether it ends the approval, or only changes how it waits."""
        return self.approves or self in (Verdict.REJECT, Verdict.TAKE_OVER)

    @property
    def approves(self) -> bool:
        return self in (Verdict.APPROVE, Verdict.APPROVE_AND_GRANT)


class Editable(Contract):
    """An argument that a reviewer may change. A number, or a text that is one, may be bounded and keeps its sign."""

    at_most: float | Literal["original"] | None = None


class ApprovalRequest(Contract):
    """Input of an approval workflow.

    `digest` is over tool and arguments; `action` says them in plain words, made by the tool's sentence `say` if it has
    one; `why` names the rule; `risk` is low, medium or high; `role` is who wants to call; times in seconds.
    `approvers` different people must approve. `ladder` says what happens while nobody decides, each rung with its words
    for the caller in `say`; without one there are `deadline_seconds` and then a refusal.
    The outcome goes to `reply_to` (a workflow id) by the signal `approval_decided`.
    """

    approval_id: str
    task_id: str
    step_id: str
    session_id: str
    subject_id: str
    composition: str
    tool: str
    capability: str
    arguments: Content
    action: Content
    digest: str
    rule_id: str
    why: str
    context_pack: Content
    reviewers: tuple[str, ...] = ()
    """Groups that may decide; empty means every reviewer."""
    deadline_seconds: float
    grace_seconds: float
    ladder: Ladder = ()
    max_extension_seconds: float = 0.0
    """How much later than asked its deadline may become, all extensions together."""
    grant_seconds: float = 0.0
    """How long a grant of further calls may last; 0: there is none."""
    editable: dict[str, Editable] = Field(default_factory=dict)
    approvers: int = 1
    role: str = ""
    say: str | None = None
    asks: str = "{question}"
    """How a reviewer's question is put to the caller."""
    risk: str = ""
    amount_argument: str | None = None
    """The argument that a reviewer's authority is compared with."""
    influences: tuple[Influence, ...] = ()
    """Untrusted text that the model had read when it asked for this."""
    reply_to: str


class DecisionReceipt(Contract):
    """What became of a decision that arrived, effective or refused: nothing is dropped in silence."""

    number: int
    reviewer: str
    verdict: str
    accepted: bool
    reason: str
    at: Moment
    channel: str = "signal"


class ApprovalStage(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    TAKEN_OVER = "taken_over"
    """A person does what was asked for."""
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    """What it was needed for is not done any more."""


class OpenApproval(Contract):
    """An approval as sessions keep it: states and ids alone."""

    approval_id: str
    task_id: str
    tool: str
    stage: ApprovalStage
    deadline: Moment


class ApprovalOutcome(Contract):
    """Sent to the waiting workflow. `note` is the reviewer's words to the caller, if any.

    `digest` covers exactly what was decided; `arguments` (JSON) are set if a reviewer changed them. `rung` is the last
    one of the ladder, if nobody decided: what that means.
    """

    approval_id: str
    stage: ApprovalStage
    digest: str
    arguments: Content | None = None
    rung: Rung | None = None
    reviewer: str | None = None
    note: Content | None = None


class Edited(Contract):
    """The action as a reviewer changed it: what is to be decided from then on. `fields` names what differs."""

    arguments: Content
    action: Content
    digest: str
    fields: tuple[str, ...]


class AskedCaller(Contract):
    """A reviewer's question to the caller; `answer` is what the caller said next, once they did."""

    question_id: str
    reviewer: str
    question: Content
    asked_at: Moment
    answer: Content | None = None
    answered_at: Moment | None = None


class ApprovalView(Contract):
    """Answer of the approval workflow's query. A decision must cover `digest`."""

    request: ApprovalRequest
    stage: ApprovalStage
    deadline: Moment
    digest: str = ""
    edited: Edited | None = None
    approved_by: tuple[str, ...] = ()
    """Whose approval covers `digest`."""
    granted_until: Moment | None = None
    asked: tuple[AskedCaller, ...] = ()
    deciders: tuple[str, ...] = ()
    """Who may decide now: names, and `group:NAME`; nobody named means every reviewer."""
    receipts: tuple[DecisionReceipt, ...]
    claimed_by: str | None = None
    only: str | None = None
    """Who alone may decide, if it was delegated."""
