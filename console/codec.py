"""The codec server: opens sealed payloads for Temporal's Web UI and command line, for people who are let in."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from google.protobuf import json_format
from temporalio.api.common.v1 import Payloads
from temporalio.converter import PayloadCodec

from console.access import ANYONE_SIGNED_IN, Access
from console.problems import Problem

MAX_BYTES = 8_000_000


@dataclass(frozen=True)
class CodecDoor:
    """`token` lets in a program, such as Temporal's command line; empty lets in none. `origin` is the Web UI's."""

    codec: PayloadCodec
    token: str = field(repr=False)
    origin: str


def router(door: CodecDoor, access: Access) -> APIRouter:
    """`/codec/decode` and `/codec/encode`: Temporal's remote codec, for the browser of whoever signed in here."""
    routes = APIRouter(prefix="/codec", include_in_schema=False)
    shared = {"Access-Control-Allow-Origin": door.origin, "Access-Control-Allow-Credentials": "true"}

    async def admit(request: Request) -> None:
        sent = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if door.token and hmac.compare_digest(sent.encode(), door.token.encode()):
            return
        visitor = await access.visitor(request)
        if visitor is None or not set(ANYONE_SIGNED_IN) & set(visitor.person.roles):
            raise Problem(HTTPStatus.FORBIDDEN, "Sign in to the console in this browser first.", headers=shared)

    @routes.options("/{verb}")
    def preflight(verb: str) -> Response:
        allowed = {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "authorization, content-type, x-namespace",
        }
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=shared | allowed)

    @routes.post("/decode")
    async def decode(request: Request) -> Response:
        await admit(request)
        return _answer(await door.codec.decode((await _payloads(request)).payloads), shared)

    @routes.post("/encode")
    async def encode(request: Request) -> Response:
        await admit(request)
        return _answer(await door.codec.encode((await _payloads(request)).payloads), shared)

    return routes


async def _payloads(request: Request) -> Payloads:
    body = await request.body()
    if len(body) > MAX_BYTES:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"At most {MAX_BYTES} bytes at once.")
    try:
        return json_format.Parse(body, Payloads())
    except json_format.ParseError:
        raise Problem(HTTPStatus.BAD_REQUEST, "The body is no temporal.api.common.v1.Payloads in JSON.") from None


def _answer(payloads: list, headers: dict[str, str]) -> Response:  # type: ignore[type-arg]
    text = json_format.MessageToJson(Payloads(payloads=payloads), indent=None)
    return Response(text, headers=headers, media_type="application/json")
