"""How a running task is told what to do: each order by signal and by update, whatever it looks like."""

from __future__ import annotations

from abc import ABC, abstractmethod

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from contracts.names import Signal
    from contracts.task import ControlKind, TaskState
    from policy.orders import EXPECTED
    from workflows.arity import NO_VALUE, one_value


class Steered(ABC):
    """The handlers of orders. A refused update says why; a refused signal is left to the workflow to record."""

    @abstractmethod
    def _refusal(self, kind: ControlKind, raw: RawValue) -> str | None:
        """Why that order does not count now; None if it does. Changes nothing."""

    @abstractmethod
    def _take_order(self, kind: ControlKind, raw: RawValue, channel: str) -> None:
        """Carries the order out or records why not."""

    @abstractmethod
    def _take_event(self, raw: RawValue) -> None: ...

    @abstractmethod
    def _state(self) -> TaskState: ...

    @workflow.signal(name=ControlKind.SUSPEND.value, description=f"Start nothing more: {EXPECTED[ControlKind.SUSPEND]}")
    @one_value
    def suspend(self, raw: RawValue = NO_VALUE) -> None:
        self._take_order(ControlKind.SUSPEND, raw, "signal")

    @workflow.signal(name=ControlKind.RESUME.value, description=f"Go on: {EXPECTED[ControlKind.RESUME]}")
    @one_value
    def resume(self, raw: RawValue = NO_VALUE) -> None:
        self._take_order(ControlKind.RESUME, raw, "signal")

    @workflow.signal(name=ControlKind.CORRECT.value, description=f"Plan anew: {EXPECTED[ControlKind.CORRECT]}")
    @one_value
    def correct(self, raw: RawValue = NO_VALUE) -> None:
        self._take_order(ControlKind.CORRECT, raw, "signal")

    @workflow.signal(name=ControlKind.CANCEL.value, description=f"Stop and undo: {EXPECTED[ControlKind.CANCEL]}")
    @one_value
    def cancel(self, raw: RawValue = NO_VALUE) -> None:
        self._take_order(ControlKind.CANCEL, raw, "signal")

    @workflow.signal(name=ControlKind.EXTEND.value, description=f"More time: {EXPECTED[ControlKind.EXTEND]}")
    @one_value
    def extend_deadline(self, raw: RawValue = NO_VALUE) -> None:
        self._take_order(ControlKind.EXTEND, raw, "signal")

    @workflow.signal(name=Signal.EVENT.value, description='Something that a step waits for has happened: "NAME"')
    @one_value
    def event(self, raw: RawValue = NO_VALUE) -> None:
        self._take_event(raw)

    @workflow.update(name=ControlKind.SUSPEND.value, description="The same order, answered with the task's state")
    async def suspend_update(self, raw: RawValue = NO_VALUE) -> TaskState:
        return self._obey(ControlKind.SUSPEND, raw)

    @suspend_update.validator
    def _check_suspend(self, raw: RawValue = NO_VALUE) -> None:
        self._refuse(ControlKind.SUSPEND, raw)

    @workflow.update(name=ControlKind.RESUME.value, description="The same order, answered with the task's state")
    async def resume_update(self, raw: RawValue = NO_VALUE) -> TaskState:
        return self._obey(ControlKind.RESUME, raw)

    @resume_update.validator
    def _check_resume(self, raw: RawValue = NO_VALUE) -> None:
        self._refuse(ControlKind.RESUME, raw)

    @workflow.update(name=ControlKind.CORRECT.value, description="The same order, answered with the task's state")
    async def correct_update(self, raw: RawValue = NO_VALUE) -> TaskState:
        return self._obey(ControlKind.CORRECT, raw)

    @correct_update.validator
    def _check_correct(self, raw: RawValue = NO_VALUE) -> None:
        self._refuse(ControlKind.CORRECT, raw)

    @workflow.update(name=ControlKind.CANCEL.value, description="The same order, answered with the task's state")
    async def cancel_update(self, raw: RawValue = NO_VALUE) -> TaskState:
        return self._obey(ControlKind.CANCEL, raw)

    @cancel_update.validator
    def _check_cancel(self, raw: RawValue = NO_VALUE) -> None:
        self._refuse(ControlKind.CANCEL, raw)

    @workflow.update(name=ControlKind.EXTEND.value, description="The same order, answered with the task's state")
    async def extend_deadline_update(self, raw: RawValue = NO_VALUE) -> TaskState:
        return self._obey(ControlKind.EXTEND, raw)

    @extend_deadline_update.validator
    def _check_extend_deadline(self, raw: RawValue = NO_VALUE) -> None:
        self._refuse(ControlKind.EXTEND, raw)

    def _obey(self, kind: ControlKind, raw: RawValue) -> TaskState:
        self._take_order(kind, raw, "update")
        return self._state()

    def _refuse(self, kind: ControlKind, raw: RawValue) -> None:
        why = self._refusal(kind, raw)
        if why is not None:
            raise ApplicationError(why, type="OrderRefused")
