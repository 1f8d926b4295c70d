"""Faults that a test can order: a slow shop, a failing one, one that stands still, a connection that is cut."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

import anyio
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

IN_SCOPE = "shop.connection"


class Fault(BaseModel):
    """One order: the next `count` calls of `tool` fail that way. `seconds` is for the delays; a hold lasts until it is
    taken back."""

    model_config = ConfigDict(extra="forbid")

    tool: str
    kind: Literal[
        "delay_before_commit",
        "delay_after_commit",
        "hold_before_commit",
        "hold_after_commit",
        "drop_after_commit",
        "error_before_commit",
    ]
    seconds: float = Field(default=0, ge=0)
    count: int = Field(default=1, ge=1)


@dataclass
class Connection:
    """The client's connection. Dropped: nothing more is sent, and it is cut without a goodbye."""

    transport: asyncio.Transport
    dropped: bool = False


class Faults:
    def __init__(self) -> None:
        self._ordered: list[Fault] = []
        self._held: list[tuple[str, anyio.Event]] = []

    async def set_fault(self, request: Request) -> Response:
        """`PUT /faults`: add one. `{"count": 0}`-like mistakes are answered with 422 and what is wrong."""
        try:
            self._ordered.append(Fault.model_validate_json(await request.body()))
        except ValidationError as wrong:
            problems = [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in wrong.errors()]
            return JSONResponse({"error": "invalid", "message": "; ".join(problems)}, status_code=422)
        return JSONResponse([fault.model_dump() for fault in self._ordered])

    async def take_back(self, request: Request) -> Response:
        """`DELETE /faults`, with `?tool=` those of one tool: no more of them, and what is held goes on."""
        tool = request.query_params.get("tool")
        self._ordered = [fault for fault in self._ordered if tool not in (None, fault.tool)]
        for held_tool, go_on in self._held:
            if tool in (None, held_tool):
                go_on.set()
        return JSONResponse([fault.model_dump() for fault in self._ordered])

    async def around_call(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        """Server middleware around a tool call: what comes before `call_next` is before the commit."""
        fault = self._take(str((ctx.params or {}).get("name"))) if ctx.method == "tools/call" else None
        if fault is None:
            return await call_next(ctx)
        # Shielded: a shop like this goes on with its work although the client has stopped waiting.
        with anyio.CancelScope(shield=True):
            if fault.kind == "error_before_commit":
                raise MCPError(INTERNAL_ERROR, "the shop has a bad day")
            if fault.kind == "delay_before_commit":
                await anyio.sleep(fault.seconds)
            if fault.kind == "hold_before_commit":
                await self._hold(fault.tool)
            result = await call_next(ctx)
            if fault.kind == "delay_after_commit":
                await anyio.sleep(fault.seconds)
            if fault.kind == "hold_after_commit":
                await self._hold(fault.tool)
        if fault.kind == "drop_after_commit" and ctx.request is not None:
            ctx.request.scope[IN_SCOPE].dropped = True
        return result

    def around_app(self, app: ASGIApp) -> ASGIApp:
        """The application, with connections that a fault can cut."""

        async def cuttable(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            # ASGI has no way to cut a connection, so this reaches for uvicorn's own request cycle.
            connection = Connection(receive.__self__.transport)  # type: ignore[attr-defined]

            async def send_unless_dropped(message: Message) -> None:
                if connection.dropped:
                    connection.transport.abort()
                else:
                    await send(message)

            await app({**scope, IN_SCOPE: connection}, receive, send_unless_dropped)

        return cuttable

    async def _hold(self, tool: str) -> None:
        held = (tool, anyio.Event())
        self._held.append(held)
        try:
            await held[1].wait()
        finally:
            self._held.remove(held)

    def _take(self, tool: str) -> Fault | None:
        for place, fault in enumerate(self._ordered):
            if fault.tool == tool:
                left = fault.count - 1
                self._ordered[place : place + 1] = [fault.model_copy(update={"count": left})] if left else []
                return fault
        return None
