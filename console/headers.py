"""What every answer says to the browser: nothing is run, framed or fetched but what is ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response


def install(app: FastAPI, livekit_url: str) -> None:
    """Pages may open connections to the LiveKit server, and to nobody else."""
    rooms = urlsplit(livekit_url).netloc
    secure = livekit_url.startswith(("wss", "https"))
    sockets = f"wss://{rooms} https://{rooms}" if secure else f"ws://{rooms} http://{rooms}"
    policy = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "media-src 'self' blob: mediastream:",
            "worker-src 'self' blob:",
            f"connect-src 'self' {sockets}",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
    fixed = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "microphone=(self), camera=(self), display-capture=(self), geolocation=()",
        "Cross-Origin-Opener-Policy": "same-origin",
    }

    @app.middleware("http")
    async def protect(request: Request, proceed: Callable[[Request], Awaitable[Response]]) -> Response:
        response = await proceed(request)
        for name, value in fixed.items():
            response.headers[name] = value
        if "cache-control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        return response
