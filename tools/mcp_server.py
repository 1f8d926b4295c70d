"""A tool server reached over the Model Context Protocol (streamable HTTP)."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import anyio
import httpx2
from mcp import Client, MCPError, types
from mcp.client.streamable_http import streamable_http_client
from mcp_types import (
    HEADER_MISMATCH,
    INVALID_PARAMS,
    METHOD_NOT_FOUND,
    UNSUPPORTED_PROTOCOL_VERSION,
    RequestParamsMeta,
)

from tools.mcp_watch import ToolListWatch, list_all_tools
from tools.server import (
    NotSentError,
    OutcomeUnknownError,
    RejectedError,
    ServerResult,
    ServerTool,
    ToolServerError,
)

log = logging.getLogger(__name__)

# Codes with which a server turns a request away before any tool runs. A code that the client makes up for a broken
# answer (parse error, invalid request, connection closed) must not stand here.
REJECTIONS = frozenset({METHOD_NOT_FOUND, INVALID_PARAMS, HEADER_MISMATCH, UNSUPPORTED_PROTOCOL_VERSION})


@dataclass
class _Flight:
    """Whether the bytes of a tool call have begun to leave."""

    sent: bool = False


_flight: ContextVar[_Flight | None] = ContextVar("tool_call_flight", default=None)


class McpToolServer:
    """Every call has a session of its own, inside the task that calls, over one pool of connections.

    So a broken connection ends one call and not its neighbours (the client's transport stops as a whole when one
    request fails), no cancel scope crosses tasks, and a restarted server is met by the next call without any state to
    repair. On a server of protocol 2026-07-28 a session costs no request; an older one costs a handshake.

    Only the watch on the tool list is long-lived: it owns its session in one task. Call `aclose` at the end.
    """

    def __init__(self, server_id: str, url: str, *, connect_timeout: float = 3.0, list_timeout: float = 10.0) -> None:
        self.server_id = server_id
        self.url = url
        self._list_timeout = list_timeout
        self._http = httpx2.AsyncClient(
            # Reading is bounded per call; the pool is wide enough never to make a call wait.
            timeout=httpx2.Timeout(None, connect=connect_timeout),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=20),
            event_hooks={"request": [_watch_departure]},
        )
        self._known: types.DiscoverResult | None = None
        self._legacy = False
        self._watch = ToolListWatch(server_id, self._session)

    async def list_tools(self) -> tuple[ServerTool, ...]:
        """The server's tools: from memory while the watch stands, which hears of changes; else asked for.

        Raises NotSentError when the server cannot be reached or does not list its tools within `list_timeout`.
        """
        self._watch.ensure_running()
        if self._watch.tools is not None:
            return self._watch.tools
        tools: tuple[ServerTool, ...] | None = None
        try:
            with anyio.fail_after(self._list_timeout):
                async with self._session() as client:
                    tools = await list_all_tools(client)
        except Exception as failure:
            if tools is None:
                raise NotSentError(f"{self._named()} does not list its tools: {_kind(failure)}") from failure
        assert tools is not None
        return tools

    async def call(
        self, name: str, arguments: dict[str, Any], *, meta: dict[str, Any], timeout_seconds: float
    ) -> ServerResult:
        """Send one tool call, once; it is never repeated here. `timeout_seconds` bounds it all.

        Raises NotSentError, RejectedError or OutcomeUnknownError.
        """
        flight = _Flight()
        token = _flight.set(flight)
        result: types.CallToolResult | None = None
        try:
            with anyio.fail_after(timeout_seconds):
                async with self._session() as client:
                    result = await self._send(client, name, arguments, meta)
        except Exception as failure:
            # An answer that is here counts, whatever went wrong while the session was put away.
            if result is None:
                raise self._judge(failure, name, timeout_seconds, flight.sent) from failure
        finally:
            _flight.reset(token)
        assert result is not None
        if result.result_type != "complete":
            raise OutcomeUnknownError(f"{self._named()} asks for input in the middle of {name}, which is not supported")
        return _read(result)

    async def aclose(self) -> None:
        """End the watch and close all connections."""
        await self._watch.aclose()
        await self._http.aclose()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Client]:
        mode = "legacy" if self._legacy else "auto"
        known = self._known
        if known is not None:
            mode = next(v for v in reversed(types.version.MODERN_PROTOCOL_VERSIONS) if v in known.supported_versions)
        transport = streamable_http_client(self.url, http_client=self._http)
        try:
            async with Client(transport, mode=mode, prior_discover=known, cache=None) as client:
                self._known = client.session.discover_result
                self._legacy = self._known is None
                yield client
        except Exception:
            # The server may come back with another protocol: the next session asks anew which it speaks.
            self._known, self._legacy = None, False
            raise

    async def _send(
        self, client: Client, name: str, arguments: dict[str, Any], meta: dict[str, Any]
    ) -> types.CallToolResult:
        params = types.CallToolRequestParams(
            name=name, arguments=arguments, _meta=cast("RequestParamsMeta", meta) if meta else None
        )
        request = types.CallToolRequest(params=params)
        try:
            return await client.session.send_request(request, types.CallToolResult)
        except MCPError as mismatch:
            if mismatch.code != HEADER_MISMATCH:
                raise
            # Turned away because an argument belongs into a header: listing the tools tells the session which.
            await list_all_tools(client)
            return await client.session.send_request(request, types.CallToolResult)

    def _judge(self, failure: Exception, name: str, timeout: float, sent: bool) -> ToolServerError:
        cause = _first(failure)
        if not sent:
            return NotSentError(f"{self._named()} cannot be reached: {_kind(failure)}")
        if isinstance(cause, MCPError) and cause.code in REJECTIONS:
            return RejectedError(f"{self._named()} does not take {name}: {_kind(failure)}")
        if isinstance(cause, TimeoutError):
            return OutcomeUnknownError(f"{self._named()} did not answer {name} within {timeout:g} s")
        return OutcomeUnknownError(f"{self._named()} gave no usable answer to {name}: {_kind(failure)}")

    def _named(self) -> str:
        return f"tool server {self.server_id} ({self.url})"


async def _watch_departure(request: httpx2.Request) -> None:
    """Notes the moment from which a tool call may have reached the server: when its headers begin to be sent."""
    flight = _flight.get()
    if flight is None or request.method != "POST" or json.loads(request.content).get("method") != "tools/call":
        return

    async def trace(event: str, _: dict[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            flight.sent = True

    request.extensions["trace"] = trace


def _first(failure: BaseException) -> BaseException:
    """The exception itself, or the first one inside nested groups."""
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    return failure


def _kind(failure: BaseException) -> str:
    """What went wrong, without the server's own words: they may quote what somebody said."""
    cause = _first(failure)
    if isinstance(cause, MCPError):
        return f"protocol error {cause.code}"
    if isinstance(cause, httpx2.HTTPError | OSError):
        return str(cause) or type(cause).__name__
    return type(cause).__name__


def _read(result: types.CallToolResult) -> ServerResult:
    data = result.structured_content
    if isinstance(data, dict):
        return ServerResult(body=json.dumps(data, ensure_ascii=False), data=data, is_error=result.is_error)
    if data is not None:
        return ServerResult(body=json.dumps(data, ensure_ascii=False), data=None, is_error=result.is_error)
    text = "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    return ServerResult(body=text, data=parsed if isinstance(parsed, dict) else None, is_error=result.is_error)
