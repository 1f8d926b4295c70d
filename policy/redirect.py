"""A plan as a reviewer edited it: read without trust, and held against the composition like a planner's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from contracts.base import Content
from contracts.checkpoint import CheckpointRequest
from contracts.composition import Composition
from contracts.task import Plan, PlanStep, StepKind, WaitFor
from policy import plan as planning
from policy import subtask

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class _Typed(BaseModel):
    """What is not known is not guessed at: a field that is misspelt would change another plan than was meant."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class _Wait(_Typed):
    event: str | None = None
    seconds: float | None = Field(default=None, gt=0)


class _Step(_Typed):
    id: str
    kind: StepKind = StepKind.WORK
    role: str
    goal: Text
    depends_on: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    wait_for: _Wait | None = None


class _Steps(_Typed):
    steps: tuple[_Step, ...]


def edited(raw: str, request: CheckpointRequest, composition: Composition) -> tuple[PlanStep, ...] | str:
    """The steps that are to run in place of those that have not, or why they cannot. `raw` is JSON of an object.

    The same must hold as for a plan that a model made.
    """
    try:
        given = _Steps.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        return f"the plan cannot be read at {'.'.join(str(part) for part in first['loc']) or 'its top'}: {first['msg']}"
    known = [step.step_id for step in request.standing]
    again = [step.id for step in given.steps if step.id in known]
    if again:
        return f"step {again[0]!r} has begun already: leave it out; others may still depend on it"
    steps = tuple(_made(step, request.subject_id) for step in given.steps)
    whole = Plan(steps=(*request.standing, *steps))
    errors = planning.errors_of(whole, subtask.within(composition, request.parent), standing=len(known))
    return "; ".join(errors) if errors else steps


def _made(step: _Step, subject_id: str) -> PlanStep:
    wait = step.wait_for
    waits = wait is not None and (wait.event is not None or wait.seconds is not None)
    return PlanStep(
        step_id=step.id,
        kind=step.kind,
        role=step.role,
        goal=Content(subject_id=subject_id, body=step.goal),
        depends_on=step.depends_on,
        capabilities=step.capabilities,
        wait_for=WaitFor(event=wait.event, seconds=wait.seconds) if waits and wait is not None else None,
    )


def to_edit(steps: Sequence[PlanStep]) -> dict[str, object]:
    """Those steps in the shape that `edited` reads; what is empty is left out."""
    return {"steps": [_shown(step) for step in steps]}


def _shown(step: PlanStep) -> dict[str, object]:
    wait = step.wait_for.model_dump(include={"event", "seconds"}, exclude_none=True) if step.wait_for else None
    shown: dict[str, object] = {"id": step.step_id, "role": step.role, "goal": step.goal.body}
    if step.kind is not StepKind.WORK:
        shown["kind"] = step.kind.value
    more = {"depends_on": list(step.depends_on), "capabilities": list(step.capabilities), "wait_for": wait}
    return shown | {name: value for name, value in more.items() if value}


def in_words(steps: Sequence[PlanStep]) -> str:
    """The edited plan for the records, one line a step."""
    lines = (json.dumps(_shown(step), ensure_ascii=False) for step in steps)
    return "\n".join(["the plan was edited:", *lines]) if steps else "the plan was edited: nothing more is to be done"
