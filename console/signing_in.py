"""Signing in and out, and the link that an account is first let in by."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from console.access import ANYONE_SIGNED_IN, Visitor
from console.attempts import Attempts
from console.deps import Deps
from console.problems import Problem
from contracts.people import PersonRole
from store import people

MIN_PASSWORD = 10
_AT_ONCE = 2
"""Hashing takes tens of MB each."""

Password = Annotated[str, Field(min_length=MIN_PASSWORD, max_length=200)]


class SignIn(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    name: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(max_length=200)]


class Welcome(BaseModel):
    """`token` is from the one-time link."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    token: Annotated[str, Field(max_length=100)]
    password: Password


class Invited(BaseModel):
    name: str


class Me(BaseModel):
    """Who signed in. Every change has to send `csrf_token` in the header X-CSRF-Token."""

    name: str
    display_name: str
    roles: tuple[PersonRole, ...]
    reviewer: str | None
    csrf_token: str


def router(deps: Deps) -> APIRouter:
    routes = APIRouter(prefix="/api")
    access, engine = deps.access, deps.engine
    signed_in = Depends(access.needs(*ANYONE_SIGNED_IN))
    attempts = Attempts(time.monotonic)
    hasher = PasswordHasher()
    nobody = hasher.hash("nobody has this password")
    hashing = asyncio.Semaphore(_AT_ONCE)

    def now() -> datetime:
        return datetime.now(UTC)

    async def fits(kept: str | None, password: str) -> bool:
        def verify() -> bool:
            try:
                return hasher.verify(kept or nobody, password) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

        async with hashing:
            return await run_in_threadpool(verify)

    @routes.post("/sign-in", status_code=HTTPStatus.NO_CONTENT)
    async def sign_in(asked: SignIn, request: Request, response: Response) -> None:
        address = request.client.host if request.client else ""
        if wait := attempts.wait_seconds(asked.name, address):
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"Too many tries. Wait {wait} s.",
                headers={"Retry-After": str(wait)},
            )
        kept = await run_in_threadpool(people.password_hash, engine, asked.name)
        person = await run_in_threadpool(people.person, engine, asked.name)
        if not await fits(kept, asked.password) or person is None or not person.active:
            attempts.failed(asked.name, address)
            raise Problem(HTTPStatus.UNAUTHORIZED, "Name and password do not fit. An admin can send you a new link.")
        attempts.succeeded(asked.name)
        await access.sign_in(response, person)

    @routes.get("/welcome/{token}")
    async def invited(token: str) -> Invited:
        name = await run_in_threadpool(people.invited, engine, token, now())
        if name is None:
            raise _used_up()
        return Invited(name=name)

    @routes.post("/welcome", status_code=HTTPStatus.NO_CONTENT)
    async def welcome(asked: Welcome, response: Response) -> None:
        if await run_in_threadpool(people.invited, engine, asked.token, now()) is None:
            raise _used_up()  # before hashing, which is dear
        async with hashing:
            hashed = await run_in_threadpool(hasher.hash, asked.password)
        person = await run_in_threadpool(people.accept, engine, asked.token, hashed, now())
        if person is None:
            raise _used_up()
        await access.sign_in(response, person)

    @routes.post("/sign-out", status_code=HTTPStatus.NO_CONTENT)
    async def sign_out(response: Response, visitor: Visitor = signed_in) -> None:
        access.sign_out(response)

    @routes.get("/me")
    async def me(visitor: Visitor = signed_in) -> Me:
        person = visitor.person
        return Me(
            name=person.name,
            display_name=person.display_name,
            roles=person.roles,
            reviewer=person.reviewer,
            csrf_token=visitor.csrf_token,
        )

    return routes


def _used_up() -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, "This link was used or is too old. Ask an admin for a new one.")
