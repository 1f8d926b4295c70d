"""`/health` and `/metrics`: ready once everything that a call needs has answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from console.deps import Check, Deps

CHECK_SECONDS = 2.0


async def answers(checks: Mapping[str, Check]) -> dict[str, str]:
    """`ok` or what is wrong, by name; all are asked at once, and it never takes long."""
    return dict(zip(checks, await asyncio.gather(*map(_answer, checks.values())), strict=True))


async def _answer(check: Check) -> str:
    try:
        return await asyncio.wait_for(check(), CHECK_SECONDS) or "ok"
    except TimeoutError:
        return f"no answer within {CHECK_SECONDS:g} s"


def router(deps: Deps) -> APIRouter:
    routes = APIRouter()
    answered: set[str] = set()

    @routes.get("/health")
    async def health() -> JSONResponse:
        """200 from the time that every dependency has answered once; what is wrong now is in `checks`."""
        found = await answers(deps.checks)
        answered.update(name for name, answer in found.items() if answer == "ok")
        ready = answered >= set(deps.checks)
        body = {"ready": ready, "checks": found}
        return JSONResponse(body, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)

    @routes.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(deps.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return routes
