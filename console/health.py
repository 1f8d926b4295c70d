"""`/health` and `/metrics`: ready once everything that a call needs has answered."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from console.deps import Check, Deps

CHECK_SECONDS = 2.0


async def ask(check: Check) -> str | None:
    """What is wrong with it, if anything; never takes long."""
    try:
        return await asyncio.wait_for(check(), CHECK_SECONDS)
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:g} s"


def router(deps: Deps) -> APIRouter:
    routes = APIRouter()
    answered: set[str] = set()

    @routes.get("/health")
    async def health() -> JSONResponse:
        """200 from the time that every dependency has answered once; what is wrong now is in `checks`."""
        faults = dict(zip(deps.checks, await asyncio.gather(*map(ask, deps.checks.values())), strict=True))
        answered.update(name for name, fault in faults.items() if fault is None)
        ready = answered >= set(deps.checks)
        body = {"ready": ready, "checks": {name: fault or "ok" for name, fault in faults.items()}}
        return JSONResponse(body, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)

    @routes.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(deps.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return routes
