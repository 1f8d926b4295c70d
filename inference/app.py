"""The FastAPI application: every route, over one set of services."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from inference.routes.chat import chat_router
from inference.routes.faults import faults_router
from inference.routes.listen import listen_router
from inference.routes.models import models_router
from inference.routes.operations import operations_router
from inference.routes.speech import speech_router
from inference.routes.transcriptions import transcriptions_router
from inference.serving.errors import DeepgramError, OpenAIError, answer_deepgram_error, answer_openai_error
from inference.serving.services import Services


def create_app(services: Services) -> FastAPI:
    """Build the application. Fault routes exist only if `services.faults` does."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        services.close()

    app = FastAPI(title="House inference server", lifespan=lifespan)
    for router in (chat_router, speech_router, transcriptions_router, models_router, listen_router, operations_router):
        app.include_router(router(services))
    if services.faults is not None:
        app.include_router(faults_router(services.faults))
    app.add_exception_handler(OpenAIError, answer_openai_error)
    app.add_exception_handler(DeepgramError, answer_deepgram_error)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(RequestValidationError, _answer_bad_form)
    return app


async def _answer_http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return await answer_openai_error(request, OpenAIError(error.status_code, f"{request.url.path}: {error.detail}"))


async def _answer_bad_form(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    param = ".".join(str(part) for part in first["loc"][1:]) or None
    return await answer_openai_error(request, OpenAIError(400, f"{param}: {first['msg']}", param=param))
