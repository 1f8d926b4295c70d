"""For whoever runs the server: health, queue depths, Prometheus metrics."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from inference.serving.services import Services


def operations_router(services: Services) -> APIRouter:
    router = APIRouter()

    @router.get("/health")
    async def health() -> dict[str, str]:
        """The server listens only after its models are loaded, checked and warm: an answer means ready."""
        return {"status": "ready"}

    @router.get("/queue")
    async def queue() -> dict[str, Any]:
        return {
            each.name: {"waiting": each.waiting, "running": each.running, "workers": each.workers}
            for each in services.queues
        }

    @router.get("/metrics")
    async def metrics() -> Response:
        return Response(generate_latest(services.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router
