"""Response bodies that arrive piece by piece, and that a fault can break off."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping

from starlette.responses import StreamingResponse
from starlette.types import Send

from inference.serving.faults import Fault
from inference.serving.metrics import Outcome, Request

logger = logging.getLogger("inference")


class BrokenOffError(Exception):
    """A fault cut the stream: the connection ends without the last chunk."""


async def break_off(pieces: AsyncIterator[bytes], seconds: float) -> AsyncIterator[bytes]:
    """The first pieces, for `seconds`, then half of another, then BrokenOffError. Of a lone piece only its half."""
    started = time.perf_counter()
    held: bytes | None = None
    async for piece in pieces:
        if held is not None:
            yield held
            held = piece
            left = seconds - (time.perf_counter() - started)
            if left <= 0:
                break
            await asyncio.sleep(min(left, 0.05))
        held = piece
    if held:
        yield held[: max(1, len(held) // 2)]
    raise BrokenOffError


class EngineStream(StreamingResponse):
    """A streamed answer that keeps the books: first output, outcome, and a broken connection if a fault wants one."""

    def __init__(
        self,
        pieces: AsyncIterator[bytes],
        *,
        request: Request,
        media_type: str,
        fault: Fault | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._request = request
        super().__init__(self._watched(pieces, fault), media_type=media_type, headers=headers)

    async def _watched(self, pieces: AsyncIterator[bytes], fault: Fault | None) -> AsyncIterator[bytes]:
        outcome: Outcome = "cancelled"
        try:
            if fault is not None and fault.spec.kind == "slow_first_token":
                await fault.wait(1.0)
            if fault is not None and fault.spec.kind == "cut":
                pieces = break_off(pieces, fault.spec.seconds or 0.0)
            async for piece in pieces:
                self._request.first_output()
                yield piece
            outcome = "ok"
        except BrokenOffError:
            outcome = "fault"
            raise
        except Exception:
            outcome = "error"
            raise
        finally:
            self._request.finish(outcome)

    async def stream_response(self, send: Send) -> None:
        try:
            await super().stream_response(send)
        except BrokenOffError:
            # Returning without the final chunk makes the server drop the connection, as a crash would.
            logger.info("cut a %s stream on demand", self._request.kind)
