"""Where a person looks at a plan: which checkpoint is due, what is shown there, and what its outcome means."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from contracts.base import Contract
from contracts.checkpoint import (
    CheckpointAt,
    CheckpointOutcome,
    CheckpointRequest,
    CheckpointRule,
    CheckpointStage,
    CheckpointVerdict,
)
from contracts.ladder import Fallback
from contracts.task import Plan, PlanStep, StepResult, StepStatus
from policy import ladder, review
from policy import plan as planning
from policy.review import Review

ENDINGS = {verdict.value: verdict.stage.value for verdict in CheckpointVerdict}


class Due(Contract):
    """A checkpoint that is to be passed. `key` names it: one that was passed is not due again."""

    key: str
    rule: CheckpointRule
    step_id: str | None = None


def due(
    rules: Sequence[CheckpointRule],
    plan: Plan,
    started: Collection[str],
    results: Mapping[str, StepResult],
    passed: Collection[str],
) -> Due | None:
    """The checkpoint at which the plan stands now, if any; nothing more may start before it is passed.

    A step's outcome is looked at before what comes after it, a plan before its steps. A plan that is made anew, and a
    step that is put otherwise, is another one.
    """
    ahead = [step for step in plan.steps if step.step_id not in started]
    for step in plan.steps:
        done = step.step_id in results and results[step.step_id].status is StepStatus.DONE
        if done and (found := _at(rules, CheckpointAt.AFTER_STEP, [step], passed)) is not None:
            return found
    if ahead and (found := _at(rules, CheckpointAt.PLAN, ahead, passed, plan.steps)) is not None:
        return found
    for step in planning.ready(plan, started, results):
        if (found := _at(rules, CheckpointAt.BEFORE_STEP, [step], passed)) is not None:
            return found
    return None


def _at(
    rules: Sequence[CheckpointRule],
    at: CheckpointAt,
    steps: Sequence[PlanStep],
    passed: Collection[str],
    whole: Sequence[PlanStep] | None = None,
) -> Due | None:
    """The first rule for that point which fits one of the steps decides."""
    for rule in rules:
        if rule.at is at and (rule.role is None or any(step.role == rule.role for step in steps)):
            key = f"{at.value} {_digest([_put(step) for step in whole or steps])[:16]}"
            one = steps[0].step_id if at is not CheckpointAt.PLAN else None
            return None if key in passed else Due(key=key, rule=rule, step_id=one)
    return None


def _put(step: PlanStep) -> list[object]:
    wait = [step.wait_for.event, step.wait_for.seconds] if step.wait_for else None
    named = [step.step_id, step.kind.value, step.role, step.goal.body]
    return [*named, list(step.depends_on), list(step.capabilities), wait]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=True).encode()).hexdigest()


def digest(due: Due, plan: Plan, results: Mapping[str, StepResult]) -> str:
    """SHA-256 (hex) over the point, the plan and what came of it: what a decision covers."""
    done = {i: [result.status.value, result.answer.body] for i, result in results.items()}
    return _digest([due.key, [_put(step) for step in plan.steps], sorted(done.items())])


def shown(due: Due, plan: Plan, started: Collection[str], results: Mapping[str, StepResult]) -> str:
    """The plan and what came of it so far, one line a step, for the person who looks at it."""
    return "\n".join(
        f"{number}. [{_state(due, step, started, results)}] {step.role}: {step.goal.body}"
        + (f" (after {', '.join(step.depends_on)})" if step.depends_on else "")
        + (f"\n   -> {results[step.step_id].answer.body}" if step.step_id in results else "")
        for number, step in enumerate(plan.steps, 1)
    )


def _state(due: Due, step: PlanStep, started: Collection[str], results: Mapping[str, StepResult]) -> str:
    if step.step_id in results:
        return results[step.step_id].status.value.replace("_", " ")
    if step.step_id in started:
        return "running"
    return "next" if step.step_id == due.step_id else "to do"


def opened(request: CheckpointRequest, now: datetime) -> Review:
    return review.opened(
        request.rule,
        ENDINGS,
        now,
        subject_id=request.subject_id,
        digest=request.digest,
        needs_words=(CheckpointVerdict.REDIRECT.value,),
    )


def outcome(request: CheckpointRequest, state: Review, steps: tuple[PlanStep, ...] | None = None) -> CheckpointOutcome:
    """What it means for the task. Where nobody decided it goes on or stops as the ladder's last rung says.

    `steps`: of the plan that a reviewer gave.
    """
    stage = CheckpointStage(state.stage)
    expired = stage is CheckpointStage.EXPIRED
    goes_on = stage is CheckpointStage.APPROVED or (expired and ladder.fallback(request.rule.ladder) is Fallback.GO_ON)
    return CheckpointOutcome(
        checkpoint_id=request.checkpoint_id,
        stage=stage,
        goes_on=goes_on,
        reviewer=state.reviewer,
        note=state.note,
        steps=steps,
    )
