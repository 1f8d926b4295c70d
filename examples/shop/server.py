"""Puts the shop together: MCP at `/mcp`, and plain HTTP beside it."""

from __future__ import annotations

from mcp.server.mcpserver import MCPServer
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from examples.shop.books import all_orders, books
from examples.shop.database import Database
from examples.shop.faults import Faults
from examples.shop.journal import Journal
from examples.shop.tools import offer_tools


def build_app(database: Database, host: str, allow_faults: bool) -> ASGIApp:
    """The whole shop as one ASGI application."""
    server = MCPServer("shop", version="1", log_level="WARNING")
    offer_tools(server, database)
    journal = Journal(database)
    server.middleware.append(journal)

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def orders(_: Request) -> Response:
        return JSONResponse(all_orders(database))

    async def records(_: Request) -> Response:
        return JSONResponse(books(database))

    async def open_requests(_: Request) -> Response:
        return JSONResponse([{"request_id": number, **seen} for number, seen in journal.open.items()])

    app = server.streamable_http_app(host=host)
    app.router.routes.extend(
        [
            Route("/health", health),
            Route("/orders", orders),
            Route("/books", records),
            Route("/open", open_requests),
        ]
    )
    if not allow_faults:
        return app
    faults = Faults()
    server.middleware.append(faults.around_call)
    app.router.routes.append(Route("/faults", faults.set_fault, methods=["PUT"]))
    app.router.routes.append(Route("/faults", faults.take_back, methods=["DELETE"]))
    return faults.around_app(app)
