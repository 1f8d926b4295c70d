"""Who may do what: every route names its roles here, or says that it is open to everybody."""

from __future__ import annotations

import hmac
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import Request, Response
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from console.cookies import (
    CALL_COOKIE,
    CALL_SECONDS,
    SESSION_COOKIE,
    SESSION_SECONDS,
    CallTicket,
    SessionTicket,
    Signer,
    new_nonce,
)
from console.problems import Problem
from contracts.audit import AuditRecord
from contracts.audit_events import ContentRead
from contracts.people import Person, PersonRole
from store import people
from store.writer import RecordWriter

CSRF_HEADER = "X-CSRF-Token"
READING_SECONDS = 600
_SAFE = {"GET", "HEAD", "OPTIONS"}

REVIEWERS = (PersonRole.REVIEWER,)
WATCHERS = (PersonRole.OPERATOR, PersonRole.AUDITOR, PersonRole.ADMIN)
"""Who may look at calls, tasks and records."""
ADMINS = (PersonRole.ADMIN,)
ANYONE_SIGNED_IN = tuple(role for role in PersonRole if role is not PersonRole.CALLER)


@dataclass(frozen=True)
class Visitor:
    """Somebody who signed in, with the token that their page has to send with every change."""

    person: Person
    csrf_token: str

    @property
    def reviewer(self) -> str:
        """The name that decisions carry. Raises Problem if this account decides nothing."""
        if self.person.reviewer is None:
            raise Problem(HTTPStatus.FORBIDDEN, "Your account names no reviewer: an admin sets it (greenroom people).")
        return self.person.reviewer


class Access:
    """Reads cookies and asks the accounts. The key is fetched when first needed: the database may not be up yet.

    Raises StoreError, which leaves the front door as a 503.
    """

    def __init__(self, engine: Engine, clock: Callable[[], float] = time.time, *, secure: bool = False) -> None:
        self._engine = engine
        self._clock = clock
        self._secure = secure
        self._signer: Signer | None = None

    def needs(self, *roles: PersonRole) -> Callable[[Request], Awaitable[Visitor]]:
        """A dependency: whoever signed in and has one of these roles; 401 or 403 otherwise."""

        async def visitor(request: Request) -> Visitor:
            found = await self.visitor(request)
            if found is None:
                raise Problem(HTTPStatus.UNAUTHORIZED, "Sign in first.")
            if not set(roles) & set(found.person.roles):
                wanted = " or ".join(role.value for role in roles)
                raise Problem(HTTPStatus.FORBIDDEN, f"This is for the role {wanted}; an admin can give it to you.")
            if request.method not in _SAFE:
                self._check_csrf(request, found)
            return found

        return visitor

    async def visitor(self, request: Request) -> Visitor | None:
        """Who signed in, if anybody did, and still may."""
        signer = await self.signer()
        ticket = signer.read(SessionTicket, request.cookies.get(SESSION_COOKIE), self._clock())
        if ticket is None:
            return None
        known = await run_in_threadpool(people.person, self._engine, ticket.name)
        if known is None or not known.active or known.generation != ticket.generation:
            return None
        return Visitor(known, signer.csrf_token(ticket))

    async def caller(self, request: Request) -> str:
        """A dependency: the caller of the session in the path, who must be the one that opened it here."""
        signer = await self.signer()
        ticket = signer.read(CallTicket, request.cookies.get(CALL_COOKIE), self._clock())
        session_id = str(request.path_params["session_id"])
        if ticket is None or ticket.session_id != session_id:
            raise Problem(HTTPStatus.FORBIDDEN, "This call is not yours: open one with POST /sessions.")
        if request.method not in _SAFE and request.headers.get(CSRF_HEADER) is None:
            raise Problem(HTTPStatus.FORBIDDEN, f"Send the header {CSRF_HEADER}: only a page of ours can.")
        return session_id

    async def sign_in(self, response: Response, person: Person) -> None:
        expires = self._clock() + SESSION_SECONDS
        ticket = SessionTicket(expires=expires, name=person.name, generation=person.generation, nonce=new_nonce())
        await self._set(response, SESSION_COOKIE, ticket, SESSION_SECONDS)

    async def remember_call(self, response: Response, session_id: str) -> None:
        ticket = CallTicket(expires=self._clock() + CALL_SECONDS, session_id=session_id)
        await self._set(response, CALL_COOKIE, ticket, CALL_SECONDS)

    def sign_out(self, response: Response) -> None:
        response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict", secure=self._secure)

    async def reads(self, visitor: Visitor, session_id: str, item_id: str, target: str) -> None:
        """Notes that somebody read what was said. A page that stays open asks again and again: one line for a while."""
        now = self._clock()
        line = AuditRecord(
            entry_id=f"read-{visitor.person.name}-{item_id}-{int(now // READING_SECONDS)}",
            session_id=session_id,
            at=datetime.fromtimestamp(now, UTC),
            actor=f"person:{visitor.person.name}",
            target=target,
            event=ContentRead(state="read"),
        )
        await run_in_threadpool(RecordWriter(self._engine).write, [line])

    async def signer(self) -> Signer:
        if self._signer is None:
            self._signer = Signer(await run_in_threadpool(people.cookie_key, self._engine))
        return self._signer

    async def _set(self, response: Response, name: str, ticket: SessionTicket | CallTicket, seconds: int) -> None:
        value = (await self.signer()).sign(ticket)
        response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="strict", secure=self._secure)

    def _check_csrf(self, request: Request, visitor: Visitor) -> None:
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), visitor.csrf_token.encode()):
            raise Problem(HTTPStatus.FORBIDDEN, f"Send the header {CSRF_HEADER} with the token of GET /api/me.")
