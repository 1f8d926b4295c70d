"""Starts workflows that outlive whoever starts them."""

from __future__ import annotations

from typing import Any

from temporalio import workflow
from temporalio.common import TypedSearchAttributes
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from contracts.base import Contract
    from contracts.names import TaskQueue, WorkflowType


async def start_beside(
    kind: WorkflowType,
    argument: Contract,
    workflow_id: str,
    summary: str,
    attributes: TypedSearchAttributes | None = None,
) -> ChildWorkflowHandle[Any, Any] | None:
    """Returns once it runs; None if one of that id did already. Without `attributes` it is found by its starter's."""
    try:
        return await workflow.start_child_workflow(
            kind.value,
            argument,
            id=workflow_id,
            task_queue=TaskQueue.ORCHESTRATION.value,
            parent_close_policy=ParentClosePolicy.ABANDON,
            static_summary=summary,
            search_attributes=attributes or workflow.info().typed_search_attributes,
        )
    except WorkflowAlreadyStartedError:
        workflow.logger.info("%s runs already, or did", workflow_id)
        return None
