"""The state machine of a review: at most one decision ends it, every other one is refused with its reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from contracts import review as contract
from contracts.approval import DecisionReceipt
from contracts.base import Content, Contract, Moment
from contracts.ladder import Ladder, Rung
from contracts.records import ReviewerRecord
from contracts.review import CLAIM, EXPIRED, OPEN, RELEASE, WITHDRAWN, ReviewRules, ReviewView
from policy import ladder as ladders
from policy import refusals
from policy.arrival import Arrived
from policy.authority import MIN_DIGEST, covers
from policy.ladder import Climb


class Review(Contract):
    """`endings`: which stage each verdict that ends it leads to. With a `digest` such a verdict must cover it.

    A verdict of `needs_words` counts only with a note, or with a `plan`.
    """

    subject_id: str
    ladder: Ladder
    groups: tuple[str, ...]
    endings: dict[str, str]
    climb: Climb
    digest: str | None = None
    needs_words: tuple[str, ...] = ()
    stage: str = OPEN
    decided_at: Moment | None = None
    reviewer: str | None = None
    note: Content | None = None
    plan: str | None = None
    claimed_by: str | None = None
    receipts: tuple[DecisionReceipt, ...] = ()

    @property
    def open(self) -> bool:
        return self.stage == OPEN

    @property
    def verdicts(self) -> tuple[str, ...]:
        return (*self.endings, CLAIM, RELEASE)

    @property
    def deadline(self) -> datetime:
        return ladders.deadline(self.ladder, self.climb)

    @property
    def wake_at(self) -> datetime | None:
        """When the next rung is due; None once it has ended."""
        return ladders.wake_at(self.ladder, self.climb) if self.open else None


def opened(
    rules: ReviewRules,
    endings: Mapping[str, str],
    now: datetime,
    *,
    subject_id: str,
    digest: str | None = None,
    needs_words: tuple[str, ...] = (),
) -> Review:
    return Review(
        subject_id=subject_id,
        ladder=rules.ladder,
        groups=rules.reviewers,
        endings=dict(endings),
        climb=Climb(opened_at=now),
        digest=digest,
        needs_words=needs_words,
    )


def judge(
    review: Review, arrived: Arrived, reviewer: ReviewerRecord | None, now: datetime, objection: str | None = None
) -> tuple[Review, DecisionReceipt]:
    """The state after a decision that arrived at `now`, and the receipt that says what became of it.

    `objection`: what speaks against the plan that it brings.
    """
    refusal = _refusal(review, arrived, reviewer, now) or objection
    after, reason = (review, refusal) if refusal is not None else _taken(review, arrived, now)
    receipt = arrived.receipt(len(review.receipts) + 1, reason, accepted=refusal is None, at=now)
    return after.model_copy(update={"receipts": (*review.receipts, receipt)}), receipt


def _taken(review: Review, arrived: Arrived, now: datetime) -> tuple[Review, str]:
    if arrived.verdict == CLAIM:
        return review.model_copy(update={"claimed_by": arrived.reviewer}), f"claimed by {arrived.reviewer}"
    if arrived.verdict == RELEASE:
        return review.model_copy(update={"claimed_by": None}), f"released by {arrived.reviewer}"
    reason = "counted"
    if review.claimed_by not in (None, arrived.reviewer):
        reason += f", although claimed by {review.claimed_by}"
    changes = {
        "stage": review.endings[arrived.verdict],
        "decided_at": now,
        "reviewer": arrived.reviewer,
        "plan": arrived.plan,
        "note": Content(subject_id=review.subject_id, body=arrived.note) if arrived.note else None,
    }
    return review.model_copy(update=changes), reason


def _refusal(review: Review, arrived: Arrived, reviewer: ReviewerRecord | None, now: datetime) -> str | None:
    if arrived.problem is not None:
        return arrived.problem
    if arrived.verdict not in review.verdicts:
        return f"the verdict is not one of {', '.join(review.verdicts)}"
    refusal = refusals.of_time(review, now) or refusals.of_person(arrived.reviewer, reviewer, now)
    if refusal is not None or reviewer is None:
        return refusal
    # Its own time counts: someone passed on to a moment later could not decide yet.
    climb = ladders.climbed(review.ladder, review.climb, now)
    if not ladders.may_decide(review.ladder, climb, review.groups, reviewer):
        deciders = ladders.deciders(review.ladder, climb, review.groups)
        return f"{arrived.reviewer} is none of {', '.join(deciders)}"
    return refusals.of_claim(review, arrived) or _content_refusal(review, arrived)


def _content_refusal(review: Review, arrived: Arrived) -> str | None:
    if arrived.verdict in review.needs_words and not (arrived.note or arrived.plan):
        return f"to {arrived.verdict.replace('_', ' ')}, say what is to be done instead: a note, or a plan"
    if review.digest is None or arrived.verdict in (CLAIM, RELEASE):
        return None
    if len(arrived.digest) < MIN_DIGEST:
        return f"the decision does not say about what: give the digest shown, at least {MIN_DIGEST} characters"
    if not covers(arrived.digest, review.digest):
        return "the decision covers something else than what is shown"
    return None


def climbed(review: Review, now: datetime) -> tuple[Review, tuple[Rung, ...]]:
    """The state at that time, and the rungs that were reached since, in order. The last of a ladder is its end."""
    if not review.open:
        return review, ()
    due = ladders.due(review.ladder, review.climb, now)
    changes: dict[str, object] = {"climb": ladders.climbed(review.ladder, review.climb, now)}
    if due and due[-1] == review.ladder[-1]:
        changes |= {"stage": EXPIRED, "decided_at": now}
    return review.model_copy(update=changes), due


def withdrawn(review: Review, now: datetime) -> Review:
    """The state after what it was needed for was given up. One that has ended stays as it is."""
    return review.model_copy(update={"stage": WITHDRAWN, "decided_at": now}) if review.open else review


def view(review: Review) -> ReviewView:
    return contract.ReviewView(
        stage=review.stage,
        opened_at=review.climb.opened_at,
        deadline=review.deadline,
        deciders=ladders.deciders(review.ladder, review.climb, review.groups),
        decided_at=review.decided_at,
        reviewer=review.reviewer,
        note=review.note,
        claimed_by=review.claimed_by,
        receipts=review.receipts,
    )
