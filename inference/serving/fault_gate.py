"""Where a request meets the fault that was set for it."""

from __future__ import annotations

import asyncio

from fastapi import Request

from inference.serving import metrics
from inference.serving.errors import OpenAIError
from inference.serving.faults import Fault, Target
from inference.serving.services import Services


async def pass_faults(
    services: Services, target: Target, model: str, http: Request, track: metrics.Request
) -> Fault | None:
    """Suffer delay, error or hang here. Returns the fault if it concerns the body (cut, slow first token).

    Raises OpenAIError with the fault's status. A hang that ends (removed, or its seconds are over) lets the request
    go on; one whose client leaves is over with the connection.
    """
    fault = services.faults.take(target, model) if services.faults is not None else None
    if fault is None:
        return None
    match fault.spec.kind:
        case "delay":
            await fault.wait(1.0)
            return None
        case "hang":
            await _hang(fault, http, track)
            return None
        case "error":
            track.finish("fault")
            kind = "server_error" if fault.spec.status >= 500 else "requests"
            code = "rate_limit_exceeded" if fault.spec.status == 429 else None
            raise OpenAIError(fault.spec.status, "fault set for this request", type=kind, code=code)
        case _:
            return fault


async def _hang(fault: Fault, http: Request, track: metrics.Request) -> None:
    waiting = asyncio.ensure_future(fault.wait(None))
    while not waiting.done():
        await asyncio.wait({waiting}, timeout=0.25)
        if await http.is_disconnected():
            waiting.cancel()
            track.finish("cancelled")
            raise OpenAIError(499, "the client left")
