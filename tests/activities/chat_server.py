"""A real HTTP server that speaks the chat protocol as badly as a test wants."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

ECHO = "__echo__"
"""In an error body: replaced by all that was sent, as careless services do."""


class ChatServer:
    def __init__(self) -> None:
        self.url = ""
        self.requests: list[dict[str, Any]] = []
        self.status = 200
        self.body = ""
        self.content_type = "application/json"
        self.hangs = False
        self.thinks: Callable[[dict[str, Any]], str] | None = None
        """Makes the content of an answer from the request."""

    def says(self, content: str | None = None, **message: Any) -> None:
        """The next answers are well-formed, with this message."""
        self.status, self.content_type = 200, "application/json"
        self.body = json.dumps(
            {
                "id": "chat-1",
                "object": "chat.completion",
                "created": 0,
                "model": "house-1",
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": "stop",
                        "message": {"role": "assistant", "content": content, **message},
                    }
                ],
                "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
            }
        )

    def fails(
        self, status: int, body: str = '{"error":{"message":"no"}}', content_type: str = "application/json"
    ) -> None:
        self.status, self.body, self.content_type = status, body, content_type

    async def _answer(self, request: web.Request) -> web.Response:
        text = await request.text()
        self.requests.append(json.loads(text))
        if self.thinks is not None:
            self.says(self.thinks(self.requests[-1]))
        if self.hangs:
            await asyncio.Event().wait()
        body = self.body.replace(ECHO, json.dumps(text)[1:-1])
        return web.Response(status=self.status, text=body, content_type=self.content_type)


@asynccontextmanager
async def chat_server() -> AsyncIterator[ChatServer]:
    server = ChatServer()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server._answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}/v1"
    try:
        yield server
    finally:
        await runner.cleanup()
