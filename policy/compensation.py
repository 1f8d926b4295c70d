"""Which effects of a task are undone when it is cancelled, by which calls, and what its person is told."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from contracts.base import Content
from contracts.composition import Composition
from contracts.phrases import Phrases
from contracts.task import Compensation, EffectRecord, StepResult
from contracts.tools import ToolCall, ToolDeclaration, ToolOutcome, ToolStatus
from policy import authority


def undo_of(composition: Composition, call: ToolCall, outcome: ToolOutcome) -> Compensation | None:
    """The call that undoes a done effect; None if nothing is declared, a field is missing, or a person must approve."""
    tool = composition.tool(call.tool)
    if outcome.status is not ToolStatus.OK or tool.compensation is None:
        return None
    if not authority.freed(composition, composition.tool(tool.compensation)):
        return None
    known = _object(call.arguments.body) | _object(outcome.result.body)
    wanted = tool.compensation_arguments
    if any(known.get(field) is None for field in wanted.values()):
        return None
    arguments = {argument: known[field] for argument, field in wanted.items()}
    content = Content(subject_id=call.subject_id, body=authority.canonical(arguments))
    return Compensation(tool=tool.compensation, arguments=content)


def _object(body: str) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def standing(results: Iterable[StepResult]) -> tuple[tuple[StepResult, EffectRecord], ...]:
    """Effects that happened, or may have, newest first; each with its step."""
    found = [
        (position, result, effect)
        for position, (result, effect) in enumerate((r, e) for r in results for e in r.effects)
        if effect.status in (ToolStatus.OK.value, ToolStatus.UNKNOWN.value)
    ]
    # An effect without a time is of an earlier version: older than those with one.
    found.sort(key=lambda f: (f[2].at.timestamp() if f[2].at else 0.0, f[0]), reverse=True)
    return tuple((result, effect) for _, result, effect in found)


def undoing_call(step: StepResult, effect: EffectRecord, like: Mapping[str, str], tool: ToolDeclaration) -> ToolCall:
    """The call that undoes `effect`. Its key is derived from the effect's call: undone once, however often it is sent.

    `like`: composition, subject_id, session_id and task_id. Raises ValueError if nothing undoes it.
    """
    if effect.undo is None:
        raise ValueError(f"nothing undoes {effect.tool}")
    call_id = f"{effect.call_id}/undo"
    return ToolCall(
        call_id=call_id,
        tool=effect.undo.tool,
        arguments=effect.undo.arguments,
        role=effect.role or step.role,
        step_id=step.step_id,
        idempotency_key=call_id if tool.idempotency == "key" else None,
        compensates=effect.tool,
        **like,
    )


def words(phrases: Phrases, undone: Collection[EffectRecord], left: Collection[EffectRecord]) -> str:
    """What the person is told of a cancelled task, honestly."""
    parts = [phrases.cancelled]
    if undone:
        parts.append(phrases.undone.format(actions=_listed(undone)))
    if left:
        parts.append(left_words(phrases, left))
    return " ".join(parts)


def left_words(phrases: Phrases, left: Collection[EffectRecord]) -> str:
    """What the person is told of effects that are to be undone, and are not."""
    return phrases.not_undone.format(actions=_listed(left))


def done_words(phrases: Phrases, effects: Collection[EffectRecord]) -> str:
    """What the person is told of effects that happened, whatever became of the work around them."""
    return phrases.already_done.format(actions=_listed(effects))


def _listed(effects: Collection[EffectRecord]) -> str:
    return "; ".join(e.action.body if e.action else e.tool.replace("_", " ") for e in effects)
