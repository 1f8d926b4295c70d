"""Remembers which calls were sent, so that an effect without an idempotency key is sent at most once."""

from __future__ import annotations

from typing import Protocol


class SendLedger(Protocol):
    async def claim(self, call_id: str) -> bool:
        """Note that the call is about to be sent. False when it was claimed before: then it must not be sent."""
        ...

    async def release(self, call_id: str) -> None:
        """Undo a claim after it has become sure that nothing happened."""
        ...


class ProcessSendLedger:
    """Holds for one process. Across processes the caller's own rule, one attempt only, is what protects."""

    def __init__(self) -> None:
        self._sent: set[str] = set()

    async def claim(self, call_id: str) -> bool:
        fresh = call_id not in self._sent
        self._sent.add(call_id)
        return fresh

    async def release(self, call_id: str) -> None:
        self._sent.discard(call_id)
