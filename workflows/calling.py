"""Makes one tool call through the registry: repeated where that is harmless, else sent once and looked up."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.tools import ToolActivities
    from contracts.base import Content
    from contracts.tools import Effect, ToolCall, ToolDeclaration, ToolOutcome, ToolStatus
    from workflows import options


async def make_call(tool: ToolDeclaration, call: ToolCall) -> ToolOutcome:
    """What came of the call. Reads and effects with a key are repeated; an effect without one is sent at most once.

    UNKNOWN: it may have happened, and no look-up could tell.
    """
    repeatable = tool.effect is Effect.NONE or tool.idempotency == "key"
    method = ToolActivities.call_repeatable if repeatable else ToolActivities.call
    try:
        outcome: ToolOutcome = await workflow.execute_activity_method(
            method, call, **options.tool(tool.timeout_seconds, f"tool {tool.name}", repeatable=repeatable)
        )
    except ActivityError as error:
        workflow.logger.warning("tool %s gave no answer: %s", tool.name, type(error.cause).__name__)
        if tool.effect is Effect.NONE:
            return _outcome(call, ToolStatus.FAILED, "the tool cannot be reached")
        outcome = _outcome(call, ToolStatus.UNKNOWN, "no answer")
    if outcome.status is not ToolStatus.UNKNOWN or tool.lookup is None:
        return outcome
    try:
        resolved: ToolOutcome = await workflow.execute_activity_method(
            ToolActivities.resolve,
            call,
            **options.tool(tool.timeout_seconds, f"did {tool.name} happen?", repeatable=True),
        )
    except ActivityError as error:
        workflow.logger.warning("look-up %s gave no answer: %s", tool.lookup, type(error.cause).__name__)
        return outcome
    return resolved


def _outcome(call: ToolCall, status: ToolStatus, text: str) -> ToolOutcome:
    result = Content(subject_id=call.subject_id, body=text)
    return ToolOutcome(call_id=call.call_id, tool=call.tool, status=status, result=result, ours=True)
