"""Keeps a signal with too few or too many values from stalling the workflow that it reaches."""

from __future__ import annotations

import inspect

from temporalio import workflow
from temporalio.worker import HandleSignalInput, Interceptor, WorkflowInboundInterceptor, WorkflowInterceptorClassInput


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
