"""Undoes effects of a task, newest first, each by a call of its own through the registry."""

from __future__ import annotations

from collections.abc import Iterable

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from contracts.audit_events import EffectUndone
    from contracts.composition import Composition
    from contracts.task import EffectRecord, StepResult, TaskRequest
    from contracts.tools import ToolStatus
    from policy import compensation
    from workflows import recording
    from workflows.calling import make_call
    from workflows.scribe import Scribe


class Undoing:
    """`undone` and `left` grow with every round; an effect is dealt with once."""

    def __init__(self, request: TaskRequest, composition: Composition, scribe: Scribe) -> None:
        self._request = request
        self._scribe = scribe
        self._composition = composition
        self.undone: list[EffectRecord] = []
        self.left: list[EffectRecord] = []

    async def undo(self, results: Iterable[StepResult]) -> None:
        """Deals with every effect of those results that happened, or may have."""
        for step, effect in compensation.standing(results):
            if effect.call_id in {e.call_id for e in (*self.undone, *self.left)}:
                continue
            status = await self._undo_one(step, effect)
            done = status == ToolStatus.OK.value
            (self.undone if done else self.left).append(effect)
            self._scribe.put(
                recording.audit(
                    self._request.session_id,
                    actor="workflow",
                    target=effect.tool,
                    event=EffectUndone(
                        state="undone" if done else "not_undone",
                        task=self._request.task_id,
                        step=step.step_id,
                        call=effect.call_id,
                        by=effect.undo.tool if effect.undo else None,
                        status=status,
                    ),
                ),
                summary=f"{effect.tool}: {'undone' if done else 'not undone'}",
            )

    async def _undo_one(self, step: StepResult, effect: EffectRecord) -> str:
        if effect.undo is None:
            return "nothing undoes it" if effect.status == ToolStatus.OK.value else "it may or may not have happened"
        request = self._request
        tool = self._composition.tool(effect.undo.tool)
        like = {
            "composition": request.composition,
            "subject_id": request.subject_id,
            "session_id": request.session_id,
            "task_id": request.task_id,
        }
        outcome = await make_call(tool, compensation.undoing_call(step, effect, like, tool))
        return outcome.status.value
