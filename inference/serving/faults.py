"""Faults on demand, for the tests of whoever uses this server. Mounted only when the server is told to allow them."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Target = Literal["chat", "speech", "listen"]
FaultKind = Literal["delay", "error", "hang", "cut", "slow_first_token"]


class FaultSpec(BaseModel):
    """What shall go wrong with the next requests of a target."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FaultKind
    seconds: float | None = Field(default=None, ge=0, le=3600)
    """delay, slow_first_token: how long (default 1). hang: at most how long (default until removed). cut: after how
    long (default at once, that is after the first output)."""
    status: int = Field(default=500, ge=400, le=599)
    """error: the HTTP status."""
    count: int | None = Field(default=None, ge=1)
    """How many requests it hits. None: all, until it is removed."""
    match: str | None = None
    """Only requests for this model name."""


@dataclass
class Fault:
    """A fault that is set. `removed` is set when it is deleted or replaced: hanging requests go on then."""

    number: int
    spec: FaultSpec
    left: int | None
    hits: int = 0
    removed: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, default: float | None) -> None:
        """Sleep the fault's seconds, or until it is removed, whichever is first."""
        seconds = self.spec.seconds if self.spec.seconds is not None else default
        try:
            await asyncio.wait_for(self.removed.wait(), seconds)
        except TimeoutError:
            return


class FaultBoard:
    """The faults that are set: at most one a target."""

    def __init__(self) -> None:
        self._faults: dict[Target, Fault] = {}
        self._numbers = itertools.count(1)

    def set(self, target: Target, spec: FaultSpec) -> Fault:
        self.clear(target)
        fault = Fault(next(self._numbers), spec, spec.count)
        self._faults[target] = fault
        return fault

    def clear(self, target: Target | None = None) -> int:
        """Remove the fault of a target, or all. Returns how many there were."""
        gone = [target] if target is not None else list(self._faults)
        removed = [self._faults.pop(name) for name in gone if name in self._faults]
        for fault in removed:
            fault.removed.set()
        return len(removed)

    def take(self, target: Target, model: str) -> Fault | None:
        """The fault that hits this request, counted as one hit."""
        fault = self.peek(target, model)
        if fault is not None:
            fault.hits += 1
            if fault.left is not None:
                fault.left -= 1
        return fault

    def peek(self, target: Target, model: str) -> Fault | None:
        fault = self._faults.get(target)
        if fault is None or fault.left == 0 or fault.spec.match not in (None, model):
            return None
        return fault

    def describe(self) -> dict[str, dict[str, object]]:
        return {
            target: {**fault.spec.model_dump(), "left": fault.left, "hits": fault.hits}
            for target, fault in self._faults.items()
        }
