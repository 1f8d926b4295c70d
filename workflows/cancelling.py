"""A workflow that is cancelled from outside (the Web UI has a button) still ends its work in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from temporalio import workflow

T = TypeVar("T")


async def in_order(work: Coroutine[Any, Any, T], cancelled: Callable[[], None]) -> T:
    """The result of `work`, which a cancellation of the workflow does not break: `cancelled` is called instead."""
    task = asyncio.create_task(work)
    while not task.done():
        try:
            await workflow.wait_condition(task.done)
        except asyncio.CancelledError:
            cancelled()
    return task.result()
