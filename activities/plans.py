"""The planner's question and its answer. Pure: requests to chat messages, parsed answers to plans."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from activities.prompts import ChatMessage
from contracts.base import Content
from contracts.composition import Composition, Role
from contracts.task import PLANNER, Plan, PlanRequest, PlanStep, StepKind, WaitFor
from contracts.tools import ToolSpec

Offers = Mapping[str, Sequence[ToolSpec]]
"""The tools of each backstage role."""


def schema(composition: Composition, offers: Offers) -> dict[str, Any]:
    """What a plan looks like here: the roles, capabilities and events that there are, and tasks if they may be."""
    roles = [name for name, specs in offers.items() if specs]
    tasks = composition.limits.task_depth > 0
    properties: dict[str, Any] = {"id": {"type": "string", "description": "short id of the step, such as s1"}}
    if tasks:
        properties["kind"] = {
            "type": "string",
            "enum": [kind.value for kind in StepKind],
            "description": f"{StepKind.TASK.value}: it is planned on its own, in steps of its own, by the {PLANNER}",
        }
    properties |= {
        "role": {
            "type": "string",
            "enum": [*roles, *([PLANNER] if tasks else [])],
            "description": "the role that does it",
        },
        "goal": {"type": "string", "description": "what the role has to reach, complete in itself"},
        "depends_on": {
            "type": "array",
            "items": {"type": "string"},
            "description": "ids of the steps that have to be done before",
        },
        "capabilities": {
            "type": "array",
            "items": {"type": "string", "enum": sorted(_capabilities(offers))},
            "description": "capabilities of the tools that the step needs; none for a task",
        },
        "wait_for": {
            "anyOf": [{"type": "null"}, _wait_schema(composition)],
            "description": "null if the step can begin as soon as those that it depends on are done",
        },
    }
    item = {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }
    steps = {"type": "array", "minItems": 1, "maxItems": composition.limits.max_steps, "items": item}
    return {"type": "object", "additionalProperties": False, "required": ["steps"], "properties": {"steps": steps}}


def _wait_schema(composition: Composition) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "seconds": {
            "type": ["number", "null"],
            "description": "begin so many seconds later, counted from now or from the end of the steps before",
        }
    }
    if composition.events:
        properties["event"] = {
            "type": ["string", "null"],
            "enum": [*sorted(composition.events), None],
            "description": "begin when this has happened",
        }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def _capabilities(offers: Offers) -> set[str]:
    return {spec.declaration.capability for specs in offers.values() for spec in specs}


def messages(
    request: PlanRequest, composition: Composition, planner: Role, offers: Offers, known: str
) -> list[ChatMessage]:
    """Messages of the planning call. `composition` has the limits of this task; `known`: the context."""
    roles = [
        {
            "role": name,
            "tools": [
                {
                    "name": spec.name,
                    "description": spec.description,
                    "capability": spec.declaration.capability,
                }
                for spec in specs
            ],
        }
        for name, specs in offers.items()
        if specs
    ]
    limits = composition.limits
    parts = [planner.instructions.strip()]
    if request.now is not None:
        local = request.now.astimezone(ZoneInfo(composition.time_zone))
        parts.append(f"Today is {local:%A %Y-%m-%d}, and the time is {local:%H:%M}.")
    parts += [
        f"At most {limits.max_steps} steps. The roles and their tools:",
        json.dumps(roles, indent=1, ensure_ascii=False),
        "Name with each step the capabilities of the tools that it needs. A step that is to be done at a later time, "
        f"or only after something has happened, waits for it: at most {limits.wait_seconds:.0f} seconds.",
    ]
    if composition.events:
        events = [{"event": name, "description": what} for name, what in sorted(composition.events.items())]
        parts.append("The events that a step may wait for:\n" + json.dumps(events, indent=1, ensure_ascii=False))
    if limits.task_depth > 0:
        parts.append(
            f"Make a step a task of its own, of the role {PLANNER}, only where a part of the goal needs several steps "
            "that cannot be told before others are done, or where there would be too many steps. Its goal is all that "
            "it is planned from."
        )
    goal = f"Goal: {request.task.goal.body}"
    if request.corrections:
        # On the goal's own line: it is as much the caller's wish as the goal.
        goal += "".join(f" The caller corrected this since: {words.body}" for words in request.corrections)
    user = [goal, *([known] if known else []), *_so_far(request)]
    if request.errors:
        user.append("Your last plan was refused: " + "; ".join(request.errors))
    return [{"role": "system", "content": "\n\n".join(parts)}, {"role": "user", "content": "\n\n".join(user)}]


def _so_far(request: PlanRequest) -> list[str]:
    """What a planner has to know of a task that is planned anew, beside what came of it."""
    parts = []
    if request.running:
        steps = [{"id": s.step_id, "kind": s.kind.value, "role": s.role, "goal": s.goal.body} for s in request.running]
        parts.append("Under way:\n" + json.dumps(steps, indent=1, ensure_ascii=False))
    if request.results or request.running:
        parts.append(
            "Plan only what is still to be done; a step may depend on one of this plan that is done or under way. "
            "Repeat exactly, with its id, a step under way that is still right: after a correction, one that you leave "
            "out is stopped, and what it did is undone."
        )
    return parts


def read(answer: Any, subject_id: str) -> Plan:
    """The plan that an answer of the schema holds.

    Raises LookupError, TypeError, ValueError or AttributeError for an answer of another shape.
    """
    return Plan(steps=tuple(_step(step, subject_id) for step in answer["steps"]))


def _step(step: Any, subject_id: str) -> PlanStep:
    kind, wait = StepKind(step.get("kind", StepKind.WORK)), step.get("wait_for") or {}
    waits = wait.get("event") is not None or bool(wait.get("seconds"))
    return PlanStep(
        step_id=step["id"],
        kind=kind,
        role=PLANNER if kind is StepKind.TASK else step["role"],
        goal=Content(subject_id=subject_id, body=step["goal"]),
        depends_on=step["depends_on"],
        capabilities=() if kind is StepKind.TASK else step.get("capabilities", ()),
        wait_for=WaitFor(event=wait.get("event"), seconds=wait.get("seconds") or None) if waits else None,
    )
