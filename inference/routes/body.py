"""Request bodies of the OpenAI wire, checked, with OpenAI's errors when they are wrong."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from inference.serving.errors import OpenAIError
from inference.serving.services import Services

Body = TypeVar("Body", bound=BaseModel)


def require_key(services: Services, request: Request) -> None:
    """Raises OpenAIError 401 if the server wants a key and this is not it."""
    if not services.key_is_good(request.headers.get("authorization")):
        raise OpenAIError(
            401, "Incorrect API key provided: pass the key the server was started with.", code="invalid_api_key"
        )


async def read_body(request: Request, model: type[Body]) -> Body:
    """Parse a JSON body. Raises OpenAIError 400 that names the field."""
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        param = ".".join(str(part) for part in first["loc"]) or None
        message = f"{param}: {first['msg']}" if param else str(first["msg"])
        raise OpenAIError(400, message, param=param) from None
