"""The checkpoints of one task: opened when one is due, withdrawn when it is not any more, and what came of them."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.workflow import ChildWorkflowHandle

with workflow.unsafe.imports_passed_through():
    from contracts.base import Content
    from contracts.checkpoint import CheckpointOutcome, CheckpointRequest, CheckpointStage
    from contracts.names import Signal, WorkflowType, checkpoint_workflow_id
    from contracts.task import TaskRequest
    from policy import checkpoint as policy
    from policy.checkpoint import Due
    from policy.course_state import Course
    from workflows import options, recording
    from workflows.starting import start_beside


class Checking:
    """At most one checkpoint is open; which one is due `policy.checkpoint.due` says."""

    def __init__(self, request: TaskRequest) -> None:
        self._request = request
        self._number = 0
        self._open: tuple[str, Due] | None = None
        self._handle: ChildWorkflowHandle[Any, Any] | None = None

    @property
    def lost(self) -> CheckpointOutcome | None:
        """The outcome of an open checkpoint whose workflow is gone without having told any: nobody decided."""
        if self._open is None or self._handle is None or not self._handle.done():
            return None
        return CheckpointOutcome(checkpoint_id=self._open[0], stage=CheckpointStage.EXPIRED, goes_on=False)

    async def keep_up(self, due: Due | None, course: Course) -> None:
        """Opens the checkpoint that is due, and withdraws the one that is open if it is another."""
        if self._open is not None and (due is None or due.key != self._open[1].key):
            (checkpoint_id, _), self._open = self._open, None  # first: its last word may come before the telling ends
            await recording.tell(checkpoint_workflow_id(checkpoint_id), Signal.WITHDRAW)
        if due is not None and self._open is None:
            self._handle = None
            self._number += 1
            checkpoint_id = f"{self._request.task_id}.c{self._number}"
            self._open = (checkpoint_id, due)
            self._handle = await self._start(self._made(checkpoint_id, due, course))

    def decided(self, outcome: CheckpointOutcome) -> Due | None:
        """The checkpoint that this is the outcome of; None if it is not the open one."""
        if self._open is None or self._open[0] != outcome.checkpoint_id:
            return None
        (_, due), self._open = self._open, None
        return due

    def _made(self, checkpoint_id: str, due: Due, course: Course) -> CheckpointRequest:
        request = self._request
        return CheckpointRequest(
            checkpoint_id=checkpoint_id,
            task_id=request.task_id,
            session_id=request.session_id,
            subject_id=request.subject_id,
            composition=request.composition,
            step_id=due.step_id,
            goal=request.goal,
            plan=Content(
                subject_id=request.subject_id, body=policy.shown(due, course.plan, course.started, course.results)
            ),
            digest=policy.digest(due, course.plan, course.results),
            standing=tuple(s for s in course.plan.steps if s.step_id in course.started),
            ahead=tuple(s for s in course.plan.steps if s.step_id not in course.started),
            parent=request.parent.model_copy(update={"prior": (), "corrections": ()}) if request.parent else None,
            rule=due.rule,
            reply_to=workflow.info().workflow_id,
        )

    async def _start(self, request: CheckpointRequest) -> ChildWorkflowHandle[Any, Any] | None:
        return await start_beside(
            WorkflowType.CHECKPOINT,
            request,
            checkpoint_workflow_id(request.checkpoint_id),
            f"A person looks at task {request.task_id}",
            options.about(request.session_id, request.subject_id, request.composition),
        )
