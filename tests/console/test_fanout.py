"""One look-out for many viewers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from console.fanout import Fanout


class Source:
    """Counts how often it is asked, and tells what a test says."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.told: asyncio.Queue[bool] = asyncio.Queue()

    async def __call__(self, key: str) -> AsyncIterator[None]:
        self.opened.append(key)
        while await self.told.get():
            yield None


def kind(event: bytes) -> str:
    return event.split(b"\n")[0].decode().removeprefix("event: ")


async def test_ten_viewers_are_one_source_and_all_hear_of_every_change() -> None:
    source = Source()
    fanout = Fanout(source)
    viewers = [fanout.events("s1") for _ in range(10)]
    assert {kind(await anext(viewer)) for viewer in viewers} == {"changed"}, "at once, so that nothing is missed"
    source.told.put_nowait(True)
    assert {kind(await anext(viewer)) for viewer in viewers} == {"changed"}
    assert source.opened == ["s1"] and fanout.sources == 1
    source.told.put_nowait(False)
    assert {kind(await anext(viewer)) for viewer in viewers} == {"over"}
    for viewer in viewers:
        await viewer.aclose()
    assert fanout.sources == 0


async def test_the_source_ends_with_its_last_viewer() -> None:
    source = Source()
    fanout = Fanout(source)
    first, second = fanout.events("s1"), fanout.events("s1")
    await anext(first)
    await anext(second)
    await asyncio.sleep(0)
    assert source.opened == ["s1"]
    await first.aclose()
    assert fanout.sources == 1
    await second.aclose()
    assert fanout.sources == 0
    third = fanout.events("s1")
    await anext(third)
    await asyncio.sleep(0)
    assert source.opened == ["s1", "s1"]
    await third.aclose()


async def test_a_source_that_breaks_ends_the_events_so_that_browsers_come_again() -> None:
    async def broken(_: str) -> AsyncIterator[None]:
        raise RuntimeError("boom")
        yield

    viewer = Fanout(broken).events("s1")
    assert kind(await anext(viewer)) == "changed"
    with pytest.raises(StopAsyncIteration):
        await anext(viewer)
