"""`GET /v1/models`: what is here, honestly."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from inference.routes.body import require_key
from inference.serving.services import Services

MODELS: dict[str, dict[str, Any]] = {
    "house-1": {
        "purpose": "chat",
        "description": "A deterministic model made of rules, with no weights. It matches a request against the tools "
        "and schemas it is offered. It is no language model and knows nothing.",
        "also_answers_to": "every other chat model name",
    },
    "tts-1": {
        "purpose": "speech",
        "description": "hibari-tts, voice heart (English), whatever voice is asked for.",
        "also_answers_to": "every other speech model name",
    },
    "whisper-1": {
        "purpose": "transcription",
        "description": "Whisper tiny.en (int8, English) on the CPU.",
        "also_answers_to": "every other transcription model name, nova-3 on the Deepgram wire included",
    },
}


def models_router(services: Services) -> APIRouter:
    router = APIRouter()

    def describe(name: str) -> dict[str, Any]:
        return {
            "id": name,
            "object": "model",
            "created": int(services.started),
            "owned_by": "house",
            "metadata": MODELS.get(name, {"description": "accepted, and answered by the house model of its kind"}),
        }

    @router.get("/v1/models")
    async def list_models(http: Request) -> dict[str, Any]:
        require_key(services, http)
        return {"object": "list", "data": [describe(name) for name in MODELS]}

    @router.get("/v1/models/{name}")
    async def show_model(name: str, http: Request) -> dict[str, Any]:
        require_key(services, http)
        return describe(name)

    return router
