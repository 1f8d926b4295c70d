"""Errors in the shapes that the clients of each protocol parse."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse


class OpenAIError(Exception):
    """Answered as OpenAI answers: `{"error": {message, type, param, code}}`."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        type: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"error": {"message": message, "type": type, "param": param, "code": code}}


class DeepgramError(Exception):
    """Answered as Deepgram answers: `{"err_code", "err_msg", "request_id"}`."""

    def __init__(self, status: int, code: str, message: str, request_id: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"err_code": code, "err_msg": message, "request_id": request_id}
        self.headers = {"dg-request-id": request_id, "dg-error": message}


async def answer_openai_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OpenAIError)
    return JSONResponse(error.body, error.status)


async def answer_deepgram_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DeepgramError)
    return JSONResponse(error.body, error.status, headers=error.headers)
