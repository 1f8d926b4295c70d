"""What is known of one approval while it waits and after."""

from __future__ import annotations

from datetime import datetime

from contracts.approval import ApprovalRequest, ApprovalStage, AskedCaller, DecisionReceipt, Edited
from contracts.base import Content, Contract, Moment
from contracts.ladder import Ladder
from contracts.records import GrantRecord
from policy import ladder as ladders
from policy.ladder import Climb


class ApprovalState(Contract):
    request: ApprovalRequest
    climb: Climb
    stage: ApprovalStage = ApprovalStage.PENDING
    decided_at: Moment | None = None
    reviewer: str | None = None
    note: Content | None = None
    receipts: tuple[DecisionReceipt, ...] = ()
    claimed_by: str | None = None
    only: str | None = None
    """Who alone may decide, once delegated (a name, or `group:NAME`), with whoever it is passed on to later."""
    delegated_at: int = 0
    """How many rungs had been reached when it was delegated."""
    edited: Edited | None = None
    approved_by: tuple[str, ...] = ()
    """Different people, each of whom approved exactly the action of `digest`."""
    grant: GrantRecord | None = None
    asked: tuple[AskedCaller, ...] = ()

    @property
    def digest(self) -> str:
        """Of the action that is decided about now, as asked or as edited since."""
        return self.edited.digest if self.edited else self.request.digest

    @property
    def arguments(self) -> Content:
        return self.edited.arguments if self.edited else self.request.arguments

    @property
    def open(self) -> bool:
        return self.stage is ApprovalStage.PENDING

    @property
    def lacking(self) -> int:
        """How many more people must approve."""
        return self.request.approvers - len(self.approved_by)

    @property
    def ladder(self) -> Ladder:
        request = self.request
        return request.ladder or ladders.plain(request.deadline_seconds)

    @property
    def deadline(self) -> datetime:
        return ladders.deadline(self.ladder, self.climb)

    @property
    def wake_at(self) -> datetime:
        """When the next rung is due; in the end the deadline."""
        return ladders.wake_at(self.ladder, self.climb) or self.deadline

    @property
    def may_be_passed_on(self) -> bool:
        """Whether only some may decide, and the ladder has others ahead."""
        ahead = any(rung.to is not None for rung in self.ladder[self.climb.reached :])
        return ahead and bool(self.request.reviewers or self.only)

    def deciders(self, now: datetime) -> tuple[str, ...]:
        """Who may decide at that time: names, and `group:NAME`; nobody named means every reviewer."""
        climb = ladders.climbed(self.ladder, self.climb, now)
        if self.only is not None:
            later = ladders.passed_on(self.ladder[self.delegated_at :], _shifted(climb, self.delegated_at))
            return tuple(dict.fromkeys((self.only, *later)))
        return ladders.deciders(self.ladder, climb, self.request.reviewers)


def _shifted(climb: Climb, rungs: int) -> Climb:
    return climb.model_copy(update={"reached": max(0, climb.reached - rungs)})
