"""What a plan must satisfy, and which steps may run next."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from contracts.composition import Composition
from contracts.task import PLANNER, Plan, PlanStep, StepKind, StepResult, StepStatus, TaskStage
from contracts.tools import Effect
from policy.authority import freed, harmless, tools_of

_STEP_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")


def errors_of(plan: Plan, composition: Composition, *, standing: int = 0) -> tuple[str, ...]:
    """What is wrong with a plan, each in a sentence that helps its maker to repair it; empty if nothing is.

    So many of its steps are `standing`, from an earlier plan: they do not count towards the limit.
    """
    found: list[str] = []
    roles = {role.name for role in composition.backstage_roles() if tools_of(composition, role.name)}
    ids = [step.step_id for step in plan.steps]
    for step_id in sorted({i for i in ids if not _STEP_ID.fullmatch(i)}):
        # It becomes part of workflow ids, which have a limit and hold no content.
        found.append(f"step id {step_id[:40]!r} is none: use up to 32 letters, digits, '-' and '_', such as s1")
    if not plan.steps:
        found.append("the plan has no step: give at least one")
    if (count := len(plan.steps) - standing) > composition.limits.max_steps:
        found.append(f"the plan has {count} steps, at most {composition.limits.max_steps} are allowed")
    for step_id in sorted({i for i in ids if ids.count(i) > 1}):
        found.append(f"step id {step_id!r} is used more than once")
    found += _task_errors(plan, composition)
    for step in plan.steps:
        if step.kind is StepKind.WORK and step.role not in roles:
            found.append(f"step {step.step_id!r}: unknown role {step.role!r}; one of {', '.join(sorted(roles))}")
        for needed in step.depends_on:
            if needed not in ids:
                found.append(f"step {step.step_id!r} depends on {needed!r}, which is no step of the plan")
        found += _capability_errors(step, composition)
        found += _wait_errors(step, composition)
    if not found and _has_cycle(plan):
        found.append("the steps depend on each other in a circle")
    return tuple(found)


def _task_errors(plan: Plan, composition: Composition) -> list[str]:
    """What is wrong with the steps that are tasks of their own."""
    found = []
    tasks = [step for step in plan.steps if step.kind is StepKind.TASK]
    for step in tasks:
        if composition.limits.task_depth == 0:
            found.append(f"step {step.step_id!r}: nothing here may be a task of its own; give it to a role")
        elif step.role != PLANNER:
            found.append(f"step {step.step_id!r}: the role of a task of its own is {PLANNER!r}, not {step.role!r}")
    most = composition.limits.tree_steps
    if tasks and len(plan.steps) + len(tasks) > most:
        found.append(f"{len(plan.steps)} steps, of which {len(tasks)} have steps of their own, are more than {most}")
    return found


def _wait_errors(step: PlanStep, composition: Composition) -> list[str]:
    """What is wrong with what a step waits for."""
    found = []
    wait, most = step.wait_for, composition.limits.wait_seconds
    if wait is not None and wait.event is not None and wait.event not in composition.events:
        known = ", ".join(sorted(composition.events)) or "there are none"
        found.append(f"step {step.step_id!r}: nobody sends an event {wait.event!r}; known events: {known}")
    if wait is not None and wait.seconds is not None and wait.seconds > most:
        found.append(f"step {step.step_id!r} would wait {wait.seconds:.0f} seconds, at most {most:.0f} are allowed")
    return found


def _capability_errors(step: PlanStep, composition: Composition) -> list[str]:
    """What is wrong with the capabilities that a step declares; a step that declares none is bound by its role's."""
    found = []
    if step.kind is StepKind.TASK:
        return [f"step {step.step_id!r}: a task of its own needs no capability"] if step.capabilities else []
    held = {c for role in composition.backstage_roles() if role.name == step.role for c in role.capabilities}
    for capability in step.capabilities:
        if capability not in held:
            known = ", ".join(sorted(held)) or "none"
            found.append(f"step {step.step_id!r}: role {step.role!r} has no capability {capability!r}; it has: {known}")
    for tool in composition.tools:
        declared = tool.capability in step.capabilities and tool.effect is not Effect.NONE
        if declared and tool.compensation is None and freed(composition, tool) and not harmless(composition, tool):
            found.append(
                f"step {step.step_id!r}: the effect of {tool.name!r} can neither be undone nor waits for an approval"
            )
    return found


def merged(kept: Sequence[PlanStep], failed: Collection[str], again: Plan) -> Plan:
    """A plan that was made anew, behind the steps that are done or under way (`kept`), which stay.

    A planner often repeats the whole plan. A step that repeats a kept one, in id and goal, is that one; another with
    the id of a kept or `failed` one gets an id of its own.
    """
    standing = {step.step_id: step for step in kept}
    taken = {*standing, *failed, *(s.step_id for s in again.steps)}
    named: dict[str, str] = {}
    fresh = []
    for step in again.steps:
        old = standing.get(step.step_id)
        if old is not None and same(old, step):
            continue
        if old is not None or step.step_id in failed:
            named[step.step_id] = _free_id(step.step_id, taken)
        fresh.append(step)
    renamed = (
        step.model_copy(
            update={
                "step_id": named.get(step.step_id, step.step_id),
                "depends_on": tuple(named.get(n, n) for n in step.depends_on),
            }
        )
        for step in fresh
    )
    return Plan(steps=(*kept, *renamed))


def same(one: PlanStep, other: PlanStep) -> bool:
    """Whether a planner repeats a step: by its id, what it is and its goal."""
    return (one.step_id, one.kind, one.role, one.goal.body) == (other.step_id, other.kind, other.role, other.goal.body)


def _free_id(step_id: str, taken: set[str]) -> str:
    number = 2
    while (free := f"{step_id[:28]}-{number}") in taken:
        number += 1
    taken.add(free)
    return free


def _has_cycle(plan: Plan) -> bool:
    open_steps = {step.step_id: set(step.depends_on) for step in plan.steps}
    while free := [step_id for step_id, needs in open_steps.items() if not needs]:
        for step_id in free:
            del open_steps[step_id]
        for needs in open_steps.values():
            needs.difference_update(free)
    return bool(open_steps)


def ready(plan: Plan, started: Collection[str], results: Mapping[str, StepResult]) -> tuple[PlanStep, ...]:
    """Steps not yet started whose needs are all done, in the plan's order."""
    return tuple(
        step
        for step in plan.steps
        if step.step_id not in started
        and all(n in results and results[n].status is StepStatus.DONE for n in step.depends_on)
    )


def blocked(plan: Plan, started: Collection[str], results: Mapping[str, StepResult]) -> tuple[PlanStep, ...]:
    """Steps that can never start, because one that they need ended otherwise than done."""
    return tuple(
        step
        for step in plan.steps
        if step.step_id not in started
        and any(n in results and results[n].status is not StepStatus.DONE for n in step.depends_on)
    )


_WORST_FIRST = (
    (StepStatus.NEEDS_PERSON, TaskStage.NEEDS_PERSON),
    (StepStatus.FAILED, TaskStage.FAILED),
    (StepStatus.DECLINED, TaskStage.DECLINED),
    (StepStatus.CANCELLED, TaskStage.CANCELLED),
)


def stage_of(results: Collection[StepResult]) -> TaskStage:
    """What a task came to, by the worst of its steps."""
    statuses = {result.status for result in results}
    for status, stage in _WORST_FIRST:
        if status in statuses:
            return stage
    return TaskStage.DONE
