"""Keeps a signal with too few or too many values from stalling the workflow that it reaches."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import TypeVar

from temporalio import workflow
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue
from temporalio.worker import HandleSignalInput, Interceptor, WorkflowInboundInterceptor, WorkflowInterceptorClassInput

W = TypeVar("W")

NO_VALUE = RawValue(Payload())
"""A default keeps an empty signal harmless: it is refused on the record."""


def one_value(handler: Callable[[W, RawValue], None]) -> Callable[[W, RawValue], None]:
    """Calls the handler with one value, however many a signal brings: a second one would stall the workflow for ever.

    More than one come as an empty list, which is no decision. The SDK decodes the values of such a signal itself and
    drops one that it cannot read, which harms nothing.
    """

    @functools.wraps(handler)
    def called(self: W, *values: RawValue) -> None:
        handler(self, *(values if len(values) <= 1 else (RawValue(Payload(data=b"[]")),)))

    return called


class SignalArity(Interceptor):
    """Drops, with a log line, what a handler cannot be called with.

    The SDK itself drops a value of the wrong type, but calls the handler with the wrong number of them, and the
    TypeError then fails the workflow task for ever. An empty signal is easily sent from the Web UI or the CLI.
    """

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        return _SignalArity


class _SignalArity(WorkflowInboundInterceptor):
    async def handle_signal(self, input: HandleSignalInput) -> None:
        handler = workflow.get_signal_handler(input.signal)
        if handler is not None:
            try:
                inspect.signature(handler, follow_wrapped=False).bind(*input.args)
            except TypeError as mismatch:
                workflow.logger.warning("signal %s dropped: %s", input.signal, mismatch)
                return
        await super().handle_signal(input)
