"""What rules count: effects are noted as they happen, and read before a rule that asks for them."""

from __future__ import annotations

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.records import RecordActivities
    from contracts.composition import Composition
    from contracts.records import EffectEntry
    from contracts.rules import EffectTotals, TotalsQuery
    from contracts.tools import Effect, ToolCall, ToolDeclaration, ToolOutcome, ToolStatus
    from policy import counting
    from policy.rules import Circumstances
    from workflows import options


async def counted(composition: Composition, tool: ToolDeclaration, asked: Circumstances) -> Circumstances:
    """The same with the earlier effects of that tool for that person."""
    query = TotalsQuery(composition=composition.id, tool=tool.name, subject_id=asked.subject_id, now=asked.now)
    found: EffectTotals = await workflow.execute_activity_method(
        RecordActivities.totals, query, **options.records(f"how often was {tool.name} done?")
    )
    return asked.model_copy(update={"done": found.done, "spent": found.spent})


def happened(tool: ToolDeclaration, call: ToolCall, outcome: ToolOutcome, at: datetime) -> tuple[EffectEntry, ...]:
    """The entry of an effect that happened, or may have; nothing for any other call."""
    if tool.effect is Effect.NONE or outcome.status not in (ToolStatus.OK, ToolStatus.UNKNOWN):
        return ()
    return (counting.entry(tool, call, at),)
