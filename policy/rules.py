"""Whether an effect waits for a person: the rules of the composition, what is decided by default, and their tests.

The same code decides wherever it is asked. Safe by default: an effect is gated unless a rule frees it, and nothing
frees one that untrusted text may have moved, or whose rule cannot tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.base import Contract, Moment
from contracts.composition import Composition
from contracts.rules import ApprovalRule, RuleCase, Totals
from contracts.taint import Influence
from contracts.tools import Effect, ToolDeclaration
from policy import conditions
from policy.authority import DEFAULT_RULE, GateVerdict, rules_about
from policy.counting import PERIODS
from policy.numbers import number_in

NO_EFFECT, TAINTED = "no-effect", "untrusted-text"


class Circumstances(Contract):
    """All that a verdict may depend on beside composition and tool. `done` and `spent` are None where nobody counted.

    `in_records`: arguments whose values a system of record told the step; `influences`: untrusted text that was read.
    """

    arguments: dict[str, Any]
    role: str
    subject_id: str
    now: Moment
    in_records: tuple[str, ...] = ()
    influences: tuple[Influence, ...] = ()
    from_outside: bool = False
    done: Totals | None = None
    spent: Totals | None = None

    @property
    def tainted(self) -> bool:
        return self.from_outside or bool(self.influences)


class RuleProblem(Contract):
    """`path` is where in the composition, as names and positions."""

    path: tuple[str | int, ...]
    words: str


class Tried(Contract):
    """A case and what the rules said of it."""

    rule: str
    number: int
    case: RuleCase
    verdict: GateVerdict
    failure: str | None = None


def decide(composition: Composition, tool: ToolDeclaration, asked: Circumstances) -> GateVerdict:
    """Whether that call waits for a person, by which rule, and why."""
    if tool.effect is Effect.NONE:
        return GateVerdict(gated=False, rule_id=NO_EFFECT, reason="the tool has no effect")
    verdict = _by_rules(composition, tool, values(tool, asked))
    if not asked.tainted:
        return verdict
    if verdict.gated:
        return verdict.model_copy(update={"tainted": True})
    return GateVerdict(
        gated=True,
        rule_id=TAINTED,
        reason="text of somebody else may have moved it, which no rule can free",
        rule=_waiting(composition, tool),
        tainted=True,
    )


def counts(composition: Composition, tool: ToolDeclaration) -> bool:
    """Whether a verdict on that tool may depend on earlier effects."""
    asked = [rule.when for rule in rules_about(composition, tool.name) if rule.when is not None]
    return any(conditions.reads(when, what) for when in asked for what in ("done", "spent"))


def values(tool: ToolDeclaration, asked: Circumstances) -> dict[str, Any]:
    """The variables of a condition. What is not known has no value: a condition that needs it cannot be told."""
    found: dict[str, Any] = {
        "tool": tool.name,
        "capability": tool.capability,
        "effect": tool.effect.value,
        "role": asked.role,
        "subject": asked.subject_id,
        "args": asked.arguments,
        "now": asked.now,
        "from_outside": asked.tainted,
        "in_records": list(asked.in_records),
    }
    amount = number_in(asked.arguments.get(tool.amount_argument)) if tool.amount_argument else None
    if amount is not None:
        found["amount"] = float(amount)
    for what, totals in (("done", asked.done), ("spent", asked.spent)):
        if totals is not None:
            found |= {f"{what}.{period}": getattr(totals, period) for period in PERIODS}
    return found


def check(composition: Composition) -> tuple[RuleProblem, ...]:
    """What is wrong with the rules: conditions that cannot be asked, and cases that come out otherwise."""
    found = [
        RuleProblem(path=("approvals", rule.id, "when"), words=wrong)
        for rule in composition.approvals
        if rule.when is not None and (wrong := conditions.problem(rule.when)) is not None
    ]
    if found:
        return tuple(found)
    return tuple(
        RuleProblem(path=("approvals", tried.rule, "expect", tried.number), words=tried.failure)
        for tried in try_cases(composition)
        if tried.failure is not None
    )


def try_cases(composition: Composition) -> tuple[Tried, ...]:
    """Every case beside a rule, in order, with what the rules say of it. The conditions must be sound."""
    return tuple(
        _try(composition, rule, number, case)
        for rule in composition.approvals
        for number, case in enumerate(rule.expect)
    )


def _try(composition: Composition, rule: ApprovalRule, number: int, case: RuleCase) -> Tried:
    name = case.tool or rule.tool
    tool = next((t for t in composition.tools if t.name == name), None)
    if tool is None:
        words = f"tool: {name!r} is not declared" if name else "tool: the rule names none, so the case must"
        none = GateVerdict(gated=True, rule_id=DEFAULT_RULE.id, reason="")
        return Tried(rule=rule.id, number=number, case=case, verdict=none, failure=words)
    role = case.role or next((r.name for r in composition.roles if tool.capability in r.capabilities), "nobody")
    asked = Circumstances(
        arguments=case.arguments,
        role=role,
        subject_id=case.subject,
        now=case.at,
        in_records=case.in_records,
        from_outside=case.from_outside,
        done=case.done,
        spent=case.spent,
    )
    verdict = decide(composition, tool, asked)
    failure = None
    if verdict.gated is not case.gated or case.rule not in (None, verdict.rule_id):
        wanted = _said(case.gated) + (f" by rule {case.rule}" if case.rule else "")
        failure = f"expected to be {wanted}, and it is {_said(verdict.gated)} by rule {verdict.rule_id}"
    return Tried(rule=rule.id, number=number, case=case, verdict=verdict, failure=failure)


def _by_rules(composition: Composition, tool: ToolDeclaration, known: Mapping[str, Any]) -> GateVerdict:
    for rule in rules_about(composition, tool.name):
        fits = rule.when is None or conditions.holds(rule.when, known)
        if fits is None:
            waiting = rule if rule.gate else _waiting(composition, tool)
            reason = "whether its condition holds cannot be told"
            return GateVerdict(gated=True, rule_id=rule.id, reason=reason, rule=waiting)
        if fits:
            return GateVerdict(gated=rule.gate, rule_id=rule.id, reason=rule.reason, rule=rule)
    return GateVerdict(gated=True, rule_id=DEFAULT_RULE.id, reason=DEFAULT_RULE.reason)


def _waiting(composition: Composition, tool: ToolDeclaration) -> ApprovalRule:
    """The rule that says how a call of that tool waits, where the one that decided does not."""
    return next((rule for rule in rules_about(composition, tool.name) if rule.gate), DEFAULT_RULE)


def _said(gated: bool) -> str:
    return "gated" if gated else "free"
