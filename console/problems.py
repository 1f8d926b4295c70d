"""Errors as RFC 9457 problem documents that name the fix."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from store.errors import StoreError

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):
    """An answer other than success. `detail` says what to do about it; `extra` are further members."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.extra = extra or {}

    def response(self) -> JSONResponse:
        body = {"title": self.status.phrase, "status": self.status.value, "detail": self.detail, **self.extra}
        return JSONResponse(body, status_code=self.status.value, media_type=MEDIA_TYPE, headers=self.headers)


def unavailable(detail: str, *, retry_after: int = 5) -> Problem:
    """503 with `Retry-After` in seconds."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": str(retry_after)})


def install(app: FastAPI) -> None:
    """Every error leaves as a problem document."""

    async def on_problem(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return error.response()

    async def on_store(_: Request, error: Exception) -> JSONResponse:
        return unavailable(str(error)).response()

    async def on_invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        faults = [
            {"field": ".".join(str(part) for part in fault["loc"][1:]) or str(fault["loc"][0]), "message": fault["msg"]}
            for fault in error.errors()
        ]
        detail = "; ".join(f"{fault['field']}: {fault['message']}" for fault in faults)
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, extra={"errors": faults}).response()

    async def on_http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers) if error.headers else None
        return Problem(HTTPStatus(error.status_code), str(error.detail), headers=headers).response()

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(StoreError, on_store)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
