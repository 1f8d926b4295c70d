"""Waits until a process can be used. Foreign servers do not say when they listen, so they are asked every 50 ms."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

INTERVAL = 0.05
Check = Callable[[], Awaitable[bool]]


async def http_ok(url: str) -> bool:
    """Whether GET answers 200 within 2 s."""
    try:
        async with httpx.AsyncClient(timeout=2.0, trust_env=False, verify=False) as client:
            return (await client.get(url)).status_code == 200
    except httpx.HTTPError:
        return False


async def tcp_open(host: str, port: int) -> bool:
    """Whether a connection is accepted within 2 s."""
    return await _connects(asyncio.open_connection(host, port))


async def socket_open(path: Path) -> bool:
    """Whether a Unix socket accepts: the file alone may be left over from a process that was killed."""
    return await _connects(asyncio.open_unix_connection(path))


async def _connects(attempt: Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]) -> bool:
    try:
        _, writer = await asyncio.wait_for(attempt, 2.0)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def check_for(ready: str) -> Check | None:
    """The question to repeat for a readiness rule of the spec; None for rules that need no asking (log, exit, none)."""
    kind, _, rest = ready.partition(" ")
    if kind == "http":
        return lambda: http_ok(rest)
    if kind == "tcp":
        host, _, port = rest.rpartition(":")
        return lambda: tcp_open(host, int(port))
    if kind == "socket":
        return lambda: socket_open(Path(rest))
    return None


def log_pattern(ready: str) -> re.Pattern[str] | None:
    """The expression of a `log` rule."""
    kind, _, rest = ready.partition(" ")
    return re.compile(rest) if kind == "log" else None


async def until_true(check: Check) -> None:
    """Returns when the check first holds; the caller bounds the wait."""
    while not await check():  # noqa: ASYNC110 (there is no event to wait for)
        await asyncio.sleep(INTERVAL)
