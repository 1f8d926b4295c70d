"""The one thing that a caller knows: where the front door is."""

from __future__ import annotations

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from workers.caller.errors import FrontDoorError


class Invitation(BaseModel):
    """What the front door gave: join `room` at `url` with `token`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    session_id: str
    room: str
    url: str
    token: str
    identity: str


async def ask_for_session(
    front_door: str, *, composition: str, subject: str, idempotency_key: str | None = None
) -> Invitation:
    """Raises FrontDoorError."""
    headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
    body = {"composition": composition, "subject": subject}
    try:
        async with httpx.AsyncClient(base_url=front_door, timeout=15, trust_env=False) as client:
            answer = await client.post("/sessions", json=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FrontDoorError(
            f"no front door at {front_door} ({type(error).__name__}): start the stack with 'make dev', "
            "or name another address with --front-door"
        ) from error
    if answer.status_code != httpx.codes.CREATED:
        try:
            detail = str(answer.json()["detail"])
        except (ValueError, KeyError, TypeError):
            detail = answer.text[:200]
        raise FrontDoorError(f"the front door said {answer.status_code}: {detail}")
    try:
        return Invitation.model_validate_json(answer.content)
    except ValidationError:
        raise FrontDoorError(
            f"{front_door} answers, but not as a front door does: name its address with --front-door"
        ) from None
