"""How long and how far a step may go: the task's orders, and the step's own working time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeVar

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from contracts.handoff import HandoffContext
    from contracts.task import Control, ControlKind, StepControl, StepOrder
    from policy import control as policy

T = TypeVar("T")
GUARD = timedelta(seconds=5)
"""A task stops its steps at its own deadline; a step ends by itself so much later."""


class Pace:
    """Waits for things on behalf of a step, and tells when the step is over instead.

    Its time stands still while it is to pause, and while a person is waited for.
    """

    def __init__(self, context: HandoffContext) -> None:
        self._order = StepControl(revision=0, order=StepOrder.GO, deadline=context.deadline)
        by_budget = workflow.now() + timedelta(seconds=context.budget.seconds)
        self._clock = policy.TaskControl(deadline=min(context.deadline + GUARD, by_budget))

    def take(self, order: StepControl) -> None:
        """An older order than the known one changes nothing, and nothing follows a stop."""
        if order.revision <= self._order.revision or self.stopped:
            return
        later = Control(seconds=(order.deadline - self._order.deadline).total_seconds())
        self._order = order
        self._clock = policy.steered(self._clock, ControlKind.EXTEND, later).model_copy(
            update={"suspended": order.order is StepOrder.PAUSE}
        )

    def stop(self) -> None:
        self.take(self._order.model_copy(update={"revision": self._order.revision + 1, "order": StepOrder.STOP}))

    @property
    def stopped(self) -> bool:
        return self._order.order is StepOrder.STOP

    @property
    def over(self) -> bool:
        """Whether the step was stopped, or has used up its time."""
        return self.stopped or policy.expired(self._clock, workflow.now())

    async def may_go_on(self) -> bool:
        """Waits while the step is to pause; False if it is over."""
        await self.until(lambda: self._order.order is not StepOrder.PAUSE)
        return not self.over

    async def unless_over(self, work: Coroutine[Any, Any, T]) -> T | None:
        """The result of work that may be given up at any point; None if the step was over first."""
        task = asyncio.create_task(work)
        if await self.until(task.done):
            return await task
        task.cancel()
        with suppress(ActivityError, asyncio.CancelledError):
            await task
        return None

    async def until(
        self, come: Callable[[], bool], *, person_until: datetime | None = None, summary: str = "time of this step"
    ) -> bool:
        """Whether it came before the step was over; with `person_until`, before then, in a person's time."""
        while not come() and not self.over and (person_until is None or workflow.now() < person_until):
            self._clock = policy.clocked(self._clock, workflow.now(), waiting=person_until is not None)
            ends = self._clock.deadline if self._clock.paused_since is None else person_until
            known = self._order.revision

            def woken(known: int = known) -> bool:
                return come() or self._order.revision != known

            with suppress(TimeoutError):  # the loop looks at the clock itself
                await workflow.wait_condition(
                    woken,
                    timeout=None if ends is None else max(ends - workflow.now(), timedelta(0)),
                    timeout_summary=summary,
                )
        self._clock = policy.clocked(self._clock, workflow.now(), waiting=False)
        return come()
