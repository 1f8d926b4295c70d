"""Keeps an MCP server's tool list in memory for as long as the server would tell us of a change."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import anyio
from mcp import Client, MCPError
from mcp.client.subscriptions import ListenNotSupportedError
from mcp_types import METHOD_NOT_FOUND

from tools.server import ServerTool

log = logging.getLogger(__name__)

PAGES = 50
POLL_SECONDS = 30.0
RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0)


async def list_all_tools(client: Client) -> tuple[ServerTool, ...]:
    """All pages of the tool list. Raises MCPError."""
    found: list[ServerTool] = []
    cursor: str | None = None
    for _ in range(PAGES):
        page = await client.list_tools(cursor=cursor)
        found += [ServerTool(tool.name, tool.description or "", tool.input_schema) for tool in page.tools]
        cursor = page.next_cursor
        if cursor is None:
            break
    return tuple(found)


class ToolListWatch:
    """One task that owns one session. `tools` is None unless that session stands.

    A server of protocol 2026-07-28 announces changes on a stream, and the end of the stream ends the memory. An older
    one, or one that does not serve the stream, is asked again every `POLL_SECONDS`.
    """

    def __init__(self, server_id: str, connect: Callable[[], AbstractAsyncContextManager[Client]]) -> None:
        self.tools: tuple[ServerTool, ...] | None = None
        self._server_id = server_id
        self._connect = connect
        self._task: asyncio.Task[None] | None = None

    def ensure_running(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name=f"tool-list:{self._server_id}")

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                async with self._connect() as client:
                    await self._follow(client)
                failures = 0
            except Exception as lost:  # noqa: BLE001 - whatever ended the session, a new one is made
                was_standing = self.tools is not None
                failures = 0 if was_standing else failures + 1
                log.log(
                    logging.INFO if was_standing or failures == 1 else logging.DEBUG,
                    "tool server %s: watch on the tool list lost (%s)",
                    self._server_id,
                    type(lost).__name__,
                )
            finally:
                self.tools = None
            await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)])

    async def _follow(self, client: Client) -> None:
        try:
            async with client.listen(tools_list_changed=True) as changes:
                # Listening first: a change between the two is then announced.
                self.tools = await list_all_tools(client)
                async for _ in changes:
                    self.tools = None
                    self.tools = await list_all_tools(client)
        except (ListenNotSupportedError, MCPError) as refused:
            if isinstance(refused, MCPError) and refused.code != METHOD_NOT_FOUND:
                raise
            await self._poll(client)

    async def _poll(self, client: Client) -> None:
        while True:
            with anyio.fail_after(POLL_SECONDS):
                self.tools = await list_all_tools(client)
            await asyncio.sleep(POLL_SECONDS)
