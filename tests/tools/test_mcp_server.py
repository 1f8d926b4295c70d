"""The MCP adapter against servers of this and of an older protocol, in this process so that they can be looked into."""

from __future__ import annotations

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.mcpserver import Context, MCPServer
from mcp_types import INVALID_PARAMS, METHOD_NOT_FOUND
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from tools.mcp_server import McpToolServer
from tools.server import NotSentError, OutcomeUnknownError, RejectedError

pytestmark = pytest.mark.stack


class Counting:
    """Counts what arrives; as an older server it knows no method of the newer protocol."""

    def __init__(self, older: bool) -> None:
        self.seen: Counter[str] = Counter()
        self.metas: list[dict[str, Any]] = []
        self._older = older

    async def __call__(self, ctx: ServerRequestContext[Any, Any], call_next: CallNext) -> HandlerResult:
        self.seen[ctx.method] += 1
        if self._older and ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
            raise MCPError(METHOD_NOT_FOUND, "no such method")
        if ctx.method == "tools/call":
            self.metas.append(dict(ctx.meta or {}))
        return await call_next(ctx)


def build(older: bool) -> tuple[MCPServer, Counting]:
    counting = Counting(older)
    server = MCPServer("test", log_level="ERROR", middleware=[counting])

    @server.tool(description="Says it again")
    def echo(text: str) -> dict[str, str]:
        return {"text": text}

    @server.tool(description="Text only", structured_output=False)
    def plain(text: str) -> str:
        return text

    @server.tool(description="Fails")
    def crash() -> dict[str, str]:
        raise RuntimeError("secret")

    @server.tool(description="Refuses on the level of the protocol")
    def refuse() -> dict[str, str]:
        raise MCPError(INVALID_PARAMS, "secret")

    @server.tool(description="Never ends")
    async def hang() -> dict[str, str]:
        await asyncio.Event().wait()
        return {}

    @server.tool(description="Adds a tool")
    async def grow(ctx: Context) -> dict[str, str]:
        server.add_tool(lambda: "new", name="grown", description="New", structured_output=False)
        await ctx.notify_tools_changed()
        return {}

    return server, counting


@asynccontextmanager
async def serving(server: MCPServer, port: int = 0) -> AsyncIterator[str]:
    listener = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(server.streamable_http_app(), log_level="error", timeout_graceful_shutdown=1)
    runner = uvicorn.Server(config)
    task = asyncio.create_task(runner.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
    finally:
        runner.should_exit = True
        await task


@asynccontextmanager
async def connected(older: bool = False) -> AsyncIterator[tuple[McpToolServer, Counting]]:
    server, counting = build(older)
    async with serving(server) as url:
        adapter = McpToolServer("test", url)
        try:
            yield adapter, counting
        finally:
            await adapter.aclose()


async def names(adapter: McpToolServer) -> set[str]:
    return {tool.name for tool in await adapter.list_tools()}


async def until_watched(adapter: McpToolServer, counting: Counting) -> None:
    """Until the list is answered from memory."""
    async with asyncio.timeout(10):
        while True:
            before = counting.seen["tools/list"]
            await adapter.list_tools()
            if counting.seen["tools/list"] == before:
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("older", [False, True])
async def test_a_call_is_answered_by_either_protocol(older: bool) -> None:
    async with connected(older) as (adapter, counting):
        assert {"echo", "plain"} <= await names(adapter)
        answer = await adapter.call("echo", {"text": "hi"}, meta={"a/b": "c"}, timeout_seconds=5)
        assert answer.data == {"text": "hi"}
        assert json.loads(answer.body) == {"text": "hi"}
        assert counting.metas[0]["a/b"] == "c"
        assert (await adapter.call("plain", {"text": "just words"}, meta={}, timeout_seconds=5)).body == "just words"
        crashed = await adapter.call("crash", {}, meta={}, timeout_seconds=5)
        assert crashed.is_error
        assert counting.seen["tools/call"] == 3
        assert (counting.seen["initialize"] > 0) is older


async def test_on_the_newer_protocol_a_call_costs_one_request() -> None:
    async with connected() as (adapter, counting):
        await adapter.list_tools()
        await until_watched(adapter, counting)
        before = counting.seen.total()
        for _ in range(5):
            await adapter.call("echo", {"text": "hi"}, meta={}, timeout_seconds=5)
        assert counting.seen.total() - before == 5


@pytest.mark.parametrize("older", [False, True])
async def test_the_tool_list_is_asked_for_once(older: bool) -> None:
    async with connected(older) as (adapter, counting):
        await until_watched(adapter, counting)
        before = counting.seen["tools/list"]
        for _ in range(20):
            assert "echo" in await names(adapter)
        assert counting.seen["tools/list"] == before


async def test_a_changed_tool_list_is_noticed() -> None:
    async with connected() as (adapter, counting):
        await until_watched(adapter, counting)
        assert "grown" not in await names(adapter)
        await adapter.call("grow", {}, meta={}, timeout_seconds=5)
        async with asyncio.timeout(5):
            while "grown" not in await names(adapter):  # noqa: ASYNC110 - the news travels over the wire
                await asyncio.sleep(0.01)


async def test_a_restarted_server_may_have_other_tools() -> None:
    first, counting = build(older=False)
    async with serving(first) as url:
        adapter = McpToolServer("test", url)
        await until_watched(adapter, counting)
        assert "echo" in await names(adapter)
    try:
        with pytest.raises(NotSentError, match="tool server test"):
            async with asyncio.timeout(5):
                while True:
                    await adapter.list_tools()
                    await asyncio.sleep(0.01)
        other = MCPServer("test", log_level="ERROR")
        other.add_tool(lambda: "x", name="other", structured_output=False)
        async with serving(other, port=int(url.split(":")[2].split("/")[0])):
            assert await names(adapter) == {"other"}
            assert (await adapter.call("other", {}, meta={}, timeout_seconds=5)).body == "x"
    finally:
        await adapter.aclose()


@pytest.mark.parametrize("older_first", [False, True])
async def test_a_restarted_server_may_speak_another_protocol(older_first: bool) -> None:
    first, counting = build(older=older_first)
    async with serving(first) as url:
        adapter = McpToolServer("test", url)
        await until_watched(adapter, counting)
        await adapter.call("echo", {"text": "hi"}, meta={}, timeout_seconds=5)
    try:
        second, counting = build(older=not older_first)
        async with serving(second, port=int(url.split(":")[2].split("/")[0])):
            async with asyncio.timeout(5):
                while True:
                    try:
                        await adapter.list_tools()
                        answer = await adapter.call("echo", {"text": "again"}, meta={}, timeout_seconds=5)
                        break
                    except (NotSentError, RejectedError):
                        # Surely nothing happened, so that anybody may try again.
                        assert counting.seen["tools/call"] <= 1
            assert answer.data == {"text": "again"}
            await until_watched(adapter, counting)
    finally:
        await adapter.aclose()


@pytest.mark.parametrize("older", [False, True])
async def test_what_went_wrong_is_told_apart(older: bool) -> None:
    async with connected(older) as (adapter, counting):
        with pytest.raises(OutcomeUnknownError, match=r"did not answer hang within 0\.2 s"):
            await adapter.call("hang", {}, meta={}, timeout_seconds=0.2)
        with pytest.raises(RejectedError, match="does not take refuse") as refused:
            await adapter.call("refuse", {}, meta={}, timeout_seconds=5)
        assert "secret" not in str(refused.value)
        assert counting.seen["tools/call"] == 2


async def test_a_server_that_is_down_or_does_not_accept_was_sent_nothing() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    silent = McpToolServer("silent", f"http://127.0.0.1:{port}/mcp")
    try:
        # It takes the connection and says nothing, so that even the handshake gets no answer.
        with pytest.raises(NotSentError):
            await silent.call("echo", {"text": "hi"}, meta={}, timeout_seconds=0.3)
        listener.close()
        with pytest.raises(NotSentError):
            await silent.call("echo", {"text": "hi"}, meta={}, timeout_seconds=5)
    finally:
        await silent.aclose()


async def test_a_cancelled_call_leaves_the_adapter_usable() -> None:
    async with connected() as (adapter, _):
        hanging = asyncio.create_task(adapter.call("hang", {}, meta={}, timeout_seconds=30))
        await asyncio.sleep(0.1)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert (await adapter.call("echo", {"text": "hi"}, meta={}, timeout_seconds=5)).data == {"text": "hi"}


async def test_many_calls_at_once_get_their_own_answers() -> None:
    async with connected() as (adapter, _):
        answers = await asyncio.gather(
            *(adapter.call("echo", {"text": str(n)}, meta={}, timeout_seconds=20) for n in range(30))
        )
        assert [answer.data for answer in answers] == [{"text": str(n)} for n in range(30)]


async def test_closing_leaves_no_task_behind() -> None:
    before = asyncio.all_tasks()
    async with connected() as (adapter, counting):
        await until_watched(adapter, counting)
        assert [task for task in asyncio.all_tasks() - before if "tool-list" in task.get_name()]
    assert not [task for task in asyncio.all_tasks() - before if "tool-list" in task.get_name()]
