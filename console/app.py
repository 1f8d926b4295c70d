"""The front door as an ASGI application."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request, Response

from console import calls, codec, headers, health, operate, problems, queue, records, signing_in, site, talk, webhooks
from console.deps import Deps


def create_app(deps: Deps) -> FastAPI:
    """The application over injected dependencies; it owns none but the room client, which it closes at its end."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await deps.rooms.aclose()

    app = FastAPI(
        title="Greenroom front door", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    problems.install(app)
    headers.install(app, deps.rooms.url)

    @app.middleware("http")
    async def measure(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        started = time.perf_counter()
        response = await proceed(request)
        route = request.scope.get("route")
        template = getattr(route, "path", "unmatched")  # the pattern, not the path: bounded label values
        deps.metrics.requests.labels(request.method, template, str(response.status_code)).observe(
            time.perf_counter() - started
        )
        return response

    app.include_router(calls.router(deps))
    app.include_router(webhooks.router(deps))
    app.include_router(operate.router(deps))
    app.include_router(records.router(deps))
    app.include_router(signing_in.router(deps))
    app.include_router(talk.router(deps))
    app.include_router(queue.router(deps))
    app.include_router(health.router(deps))
    if deps.codec is not None:
        app.include_router(codec.router(deps.codec, deps.access))
    app.include_router(site.router(deps.site))
    return app
