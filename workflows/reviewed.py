"""A workflow that is itself a review: how it is decided, and its course until the decision and a while longer."""

from __future__ import annotations

from abc import ABC, abstractmethod

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from contracts.approval import DecisionReceipt
    from contracts.ladder import Rung
    from contracts.names import Signal
    from workflows import options
    from workflows.arity import NO_VALUE, one_value
    from workflows.reviewing import EXPECTED, Reviewing


class Reviewed(ABC):
    """`_review` is set before anything arrives."""

    _review: Reviewing
    _revision = 0

    @abstractmethod
    async def _announce(self, event: str, rung: Rung | None = None) -> None:
        """Tells whoever waits, and the records, where it stands after `event`."""

    @abstractmethod
    def _describe(self) -> None:
        """Writes the details of the Web UI anew."""

    @workflow.signal(
        name=Signal.DECIDE.value, description=f"One JSON object: {EXPECTED}, with the digest if one is shown"
    )
    @one_value
    def decide(self, raw: RawValue = NO_VALUE) -> None:
        self._review.take(raw)

    @workflow.update(name="decide_update", description="The same decision, answered with its receipt")
    async def decide_update(self, raw: RawValue = NO_VALUE) -> DecisionReceipt:
        return await self._review.answer(raw)

    @decide_update.validator  # noqa: B027 (what it takes is all that it checks)
    def _takes_one_value(self, raw: RawValue = NO_VALUE) -> None:
        """Lets the SDK refuse an update with more values before it is accepted; later it would stall the workflow."""

    async def _until_decided(self, opened: str, *, grace_seconds: float) -> None:
        """The whole course: announced as `opened`, decided, and open a while longer for late decisions."""
        await self._announce(opened)
        while self._review.state.open:
            reached = await self._review.change()
            state = self._review.state
            if not state.open:
                await self._announce(state.stage, reached[-1] if reached else None)
            for rung in reached if state.open else ():
                await self._announce(rung.kind.value, rung)
            if self._review.unwritten:
                self._describe()
                await self._review.write(summary="decisions")
        await self._review.linger(grace_seconds)
        await workflow.wait_condition(workflow.all_handlers_finished)

    def _index(self) -> None:
        """Lets the review be found by its state, its deadline and its reviewer."""
        state = self._review.state
        workflow.upsert_search_attributes(
            [
                options.REVIEW_STATE.value_set(state.stage),
                options.DEADLINE.value_set(state.deadline),
                *([] if state.open else [options.REVIEWER.value_set(state.reviewer or "nobody")]),
            ]
        )
