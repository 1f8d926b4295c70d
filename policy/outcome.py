"""What a task came to, and what its person is told of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from contracts.checkpoint import CheckpointStage
from contracts.phrases import Phrases
from contracts.task import EffectRecord, StepResult, StepStatus, TaskStage
from contracts.tools import ToolStatus
from policy import compensation
from policy import plan as planning
from policy.course import missing
from policy.course_state import STANDS, Course

_UNSPOKEN = (StepStatus.SKIPPED, StepStatus.CANCELLED)


def came_to(
    course: Course,
    phrases: Phrases,
    goal: str,
    undone: Collection[EffectRecord] = (),
    left: Collection[EffectRecord] = (),
) -> tuple[TaskStage, str]:
    """Stage and words at the end. `left`: effects that should have been undone and were not."""
    if course.control.cancelled:
        return _worse(TaskStage.CANCELLED, left), compensation.words(phrases, undone, left)
    results = tuple(course.results[s.step_id] for s in course.plan.steps if s.step_id in course.results)
    standing = _sentences(r for r in results if r.status in STANDS or r.partial)
    happened = unspoken_effects(course, {e.call_id for e in (*undone, *left)})
    told = compensation.done_words(phrases, happened) if happened else ""
    if course.late:
        lacking = "; ".join(s.goal.body.rstrip(" .") for s in missing(course)) or goal.rstrip(" .")
        stage, parts = TaskStage.FAILED, [standing, told, phrases.late.format(missing=lacking)]
    elif course.refused is not None:
        ended = phrases.expired if course.refused.stage is CheckpointStage.EXPIRED else phrases.declined
        note = course.refused.note.body if course.refused.note is not None else ""
        stage, parts = TaskStage.DECLINED, [standing, told, ended, note]
    elif course.control.stopped:
        stage, parts = TaskStage.CANCELLED, [standing, told]
    elif course.given_up:
        stage, parts = TaskStage.FAILED, [standing, told, phrases.failed]
    else:
        stage = planning.stage_of(results)
        parts = [_sentences(r for r in results if r.partial or r.status not in _UNSPOKEN) or phrases.cancelled, told]
    if left:
        parts.append(compensation.left_words(phrases, left))
    unclear = any(r.status is StepStatus.NEEDS_PERSON for r in course.everything)
    return TaskStage.NEEDS_PERSON if unclear else _worse(stage, left), " ".join(part for part in parts if part)


def unspoken_effects(course: Course, dealt_with: Collection[str]) -> tuple[EffectRecord, ...]:
    """Effects that happened in steps whose answers do not tell of them, oldest first; without those by call id."""
    return tuple(
        effect
        for result in course.everything
        if result.status not in STANDS and not result.partial
        for effect in result.effects
        if effect.status == ToolStatus.OK.value and effect.call_id not in dealt_with
    )


def _worse(stage: TaskStage, left: Collection[EffectRecord]) -> TaskStage:
    return TaskStage.NEEDS_PERSON if left else stage


def _sentences(results: Iterable[StepResult]) -> str:
    """Each answer once: two steps that failed alike say it alike."""
    return " ".join(dict.fromkeys(r.answer.body for r in results))
