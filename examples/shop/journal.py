"""Writes down every tool call that the shop receives, before anything is done about it."""

from __future__ import annotations

from typing import Any

import anyio
import anyio.to_thread
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext

from examples.shop.database import Database, current_request, now
from examples.shop.tools import KEY_IN_META


class Journal:
    """Server middleware. `open` are the requests that are being served right now, by their number."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.open: dict[int, dict[str, str]] = {}

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        if ctx.method != "tools/call":
            return await call_next(ctx)
        params = ctx.params or {}
        tool = str(params.get("name"))
        key = (ctx.meta or {}).get(KEY_IN_META, (params.get("arguments") or {}).get("idempotency_key"))
        received = now()
        number = await anyio.to_thread.run_sync(self._received, tool, None if key is None else str(key), received)
        self.open[number] = {"tool": tool, "received_at": received}
        token = current_request.set(number)
        try:
            result = await call_next(ctx)
            await anyio.to_thread.run_sync(self._answered, number)
            return result
        finally:
            current_request.reset(token)
            del self.open[number]

    def _received(self, tool: str, key: str | None, received: str) -> int:
        with self._database.effect() as db:
            row = db.execute("INSERT INTO requests (tool, key, received_at) VALUES (?, ?, ?)", (tool, key, received))
        number = row.lastrowid
        assert number is not None
        return number

    def _answered(self, number: int) -> None:
        with self._database.statements() as db:
            db.execute("UPDATE requests SET answered_at = ? WHERE request_id = ?", (now(), number))
