"""A worker never takes more calls than it has places for, however fast they are offered."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from contracts.attendance import DispatchMetadata
from workers.voice import Admission


class Request:
    """A job that is offered; accepting it lasts until the test assigns it."""

    def __init__(self) -> None:
        dispatch = DispatchMetadata(session_id="s", room="r", role="voice", epoch=1, task_token="")
        self.job = SimpleNamespace(metadata=dispatch.model_dump_json())
        self.assigned = asyncio.Event()
        self.became = ""

    async def accept(self, *, attributes: dict[str, str]) -> None:
        self.became = "accepted"
        await self.assigned.wait()

    async def reject(self, *, terminate: bool) -> None:
        self.became = "for another worker" if not terminate else "lost"


async def test_no_more_than_there_are_places_also_between_offer_and_job() -> None:
    running = 1
    admission = Admission(2, lambda: running)
    first, second, third = (Request() for _ in range(3))
    taking = asyncio.create_task(admission(cast("Any", first)))
    await asyncio.sleep(0)
    await admission(cast("Any", second))
    assert (first.became, second.became) == ("accepted", "for another worker")
    first.assigned.set()
    await taking
    third.assigned.set()
    await admission(cast("Any", third))
    assert third.became == "accepted", "the first call is over, or was never assigned"
