"""The web app: one page for every address of it, and its files, whose names change with what is in them."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, PlainTextResponse, Response

from console.problems import Problem

PAGES = ("/", "/sign-in", "/welcome", "/talk", "/review", "/review/{rest:path}", "/operate", "/operate/{rest:path}")
_NOT_BUILT = "The web app is not built: run 'make setup', and look at .dev/logs/setup-web.log if it stays so."


def router(site: Path | None) -> APIRouter:
    """`site` is the folder of the built app; without one, every page says how to build it."""
    routes = APIRouter(include_in_schema=False)
    index = site / "index.html" if site is not None else None

    async def page() -> Response:
        if index is None or not index.exists():
            return PlainTextResponse(_NOT_BUILT, HTTPStatus.SERVICE_UNAVAILABLE)
        return FileResponse(index, headers={"Cache-Control": "no-cache"})

    for path in PAGES:
        routes.add_api_route(path, page, methods=["GET"])

    @routes.get("/assets/{name}")
    async def asset(name: str) -> Response:
        file = site / "assets" / name if site is not None else None
        if file is None or file.name != name or not file.is_file():
            raise Problem(HTTPStatus.NOT_FOUND, "There is no such file; load the page again.")
        return FileResponse(file, headers={"Cache-Control": "public, max-age=31536000, immutable"})

    return routes
