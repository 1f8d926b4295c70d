"""Signed cookies: who signed in, and which call a browser is in. They hold ids, never a secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

SESSION_COOKIE = "greenroom_session"
CALL_COOKIE = "greenroom_call"
SESSION_SECONDS = 12 * 3600
CALL_SECONDS = 4 * 3600


class _Ticket(BaseModel):
    model_config = ConfigDict(frozen=True)

    expires: float
    """Seconds since the epoch."""


class SessionTicket(_Ticket):
    """`generation` is the account's at sign-in: a later one ends the session. `nonce` makes the CSRF token."""

    name: str
    generation: int
    nonce: str


class CallTicket(_Ticket):
    session_id: str


T = TypeVar("T", bound=_Ticket)


class Signer:
    """Signs with one key; tickets of one kind never pass for another."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, ticket: _Ticket) -> str:
        body = _encode(ticket.model_dump_json().encode())
        return f"{body}.{self._mac(type(ticket).__name__, body)}"

    def read(self, kind: type[T], value: str | None, now: float) -> T | None:
        """The ticket, if it is one of ours, of that kind, and still good."""
        body, dot, mac = (value or "").partition(".")
        if not dot or not hmac.compare_digest(mac.encode(), self._mac(kind.__name__, body).encode()):
            return None
        try:
            ticket = kind.model_validate_json(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        except (ValueError, ValidationError):
            return None
        return ticket if ticket.expires > now else None

    def csrf_token(self, ticket: SessionTicket) -> str:
        """What a page of ours sends with every change, and a page of someone else's cannot know."""
        return self._mac("csrf", ticket.nonce)

    def _mac(self, purpose: str, text: str) -> str:
        return _encode(hmac.new(self._key, f"{purpose}\n{text}".encode(), hashlib.sha256).digest())


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
