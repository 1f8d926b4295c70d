"""When an effect waits for a person: a rule of the composition, and the cases that it is tested with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import Field, model_validator

from contracts import ladder as ladders
from contracts.approval import Editable
from contracts.base import Contract, Moment, Name
from contracts.ladder import Ladder


class Totals(Contract):
    """A count, or a sum of amounts, of the last hour, the last 24 hours and the last 7 days."""

    hour: float = Field(default=0, ge=0)
    day: float = Field(default=0, ge=0)
    week: float = Field(default=0, ge=0)


class TotalsQuery(Contract):
    """What a gate asks before a rule that counts: earlier effects of that tool for that person."""

    composition: str
    tool: str
    subject_id: str
    now: Moment


class EffectTotals(Contract):
    done: Totals
    spent: Totals


class RuleCase(Contract):
    """A call as the rules may meet it, and what they must say. Stands beside a rule, and may be decided by another.

    `at` is when; `from_outside`: whether untrusted text moved it; `in_records`: arguments whose values a system of
    record told the step; `done` and `spent`: earlier effects of that tool for that person. `rule` names who decides.
    """

    tool: str | None = None
    """By default the rule's own."""
    arguments: dict[str, Any] = Field(default_factory=dict)
    role: str | None = None
    """By default the first role that may call the tool."""
    subject: str = "somebody"
    at: Moment = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
    from_outside: bool = False
    in_records: tuple[str, ...] = ()
    done: Totals = Totals()
    spent: Totals = Totals()
    gated: bool
    rule: str | None = None


class ApprovalRule(Contract):
    """Whether an effect waits for a person. The first rule that fits decides; with none it is gated.

    A rule fits a call of its `tool` (of every tool, where it names none) for which its condition `when` holds, in CEL.

    The `ladder` says what happens while nobody decides; its fallback is the deadline. Without one there are
    `deadline_seconds` and then the fallback `deny`. `policy.ladder.of(rule)` is either.
    """

    id: Name
    tool: str | None = None
    when: str | None = None
    expect: tuple[RuleCase, ...] = ()
    """Cases that are tried whenever the composition is loaded."""
    gate: bool = True
    reason: str
    reviewers: tuple[str, ...] = ()
    ladder: Ladder = ()
    deadline_seconds: float = Field(default_factory=ladders.deadline_of)
    grace_seconds: float = 600.0
    max_extension_seconds: float = 0.0
    """By how much reviewers may put the deadline off, all extensions together; 0: not at all."""
    editable: dict[str, Editable] = Field(default_factory=dict)
    """Arguments that a reviewer may change before approving, and up to where: `{amount: {at_most: original}}`."""
    approvers: int = Field(default=1, ge=1)
    """How many different people must approve."""
    grant_seconds: float = Field(default=0.0, ge=0)
    """How long a reviewer may let further calls of the kind go unasked; 0: not at all."""
    harmless: bool = False
    """Whether the effect needs neither an approval nor anything that undoes it. Otherwise no plan may declare one that
    is always freed and for good."""

    def about(self, tool: str) -> bool:
        """Whether a call of that tool may fit it."""
        return self.tool in (None, tool)

    @property
    def frees_all(self) -> bool:
        """Whether no call that it is asked about waits for a person."""
        return not self.gate and self.when is None

    @model_validator(mode="after")
    def _one_deadline(self) -> ApprovalRule:
        if self.ladder and self.deadline_seconds != self.ladder[-1].after_seconds:
            raise ValueError("deadline_seconds comes from the ladder's last rung: leave it out")
        if self.harmless and self.gate:
            raise ValueError("harmless belongs to 'gate: false': an effect that waits for a person is not")
        return self
