"""Stands where a real service would: notes who asks with which key, and has the house server answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientSession, WSMsgType, web


@dataclass
class RecordingProxy:
    """`seen` are (path, Authorization header) of all requests so far."""

    house: str
    url: str = ""
    seen: list[tuple[str, str]] = field(default_factory=list)

    def keys(self, path: str) -> set[str]:
        return {key for seen, key in self.seen if seen == path}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.path, request.headers.get("Authorization", "")))
        target = f"{self.house}{request.path_qs}"
        async with ClientSession() as http:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await _pass_socket(http, target, request)
            headers = {"Content-Type": request.headers.get("Content-Type", "application/json")}
            async with http.request(request.method, target, data=await request.read(), headers=headers) as answer:
                passed = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
                await passed.prepare(request)
                async for piece in answer.content.iter_any():
                    await passed.write(piece)
                await passed.write_eof()
                return passed


async def _pass_socket(http: ClientSession, target: str, request: web.Request) -> web.WebSocketResponse:
    near = web.WebSocketResponse()
    await near.prepare(request)
    async with http.ws_connect(target) as far:

        async def forward() -> None:
            async for message in near:
                if message.type is WSMsgType.BINARY:
                    await far.send_bytes(message.data)
                else:
                    await far.send_str(message.data)
            await far.close()

        forwarding = asyncio.create_task(forward())
        async for message in far:
            await near.send_str(message.data)
        forwarding.cancel()
    await near.close()
    return near


@asynccontextmanager
async def recording_proxy(house: str) -> AsyncIterator[RecordingProxy]:
    proxy = RecordingProxy(house)
    app = web.Application()
    app.add_routes([web.route("*", "/{path:.*}", proxy.answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    proxy.url = site.name
    try:
        yield proxy
    finally:
        await runner.cleanup()
