"""Waiting for what tells nobody of its change: a database, a server's answer, the table of processes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_SECONDS = 0.1


async def until(look: Callable[[], Awaitable[T | None]], within: float, what: str) -> T:
    """What `look` finds, as soon as it finds something. Raises AssertionError after `within` seconds."""
    try:
        async with asyncio.timeout(within):
            while True:
                if found := await look():
                    return found
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {within:g} s") from None
