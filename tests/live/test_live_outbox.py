"""In order, once each, never lost, and nobody waits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from live_samples import files, outgoing, until

from live.outbox import Away, Outbox, Refused, Sent, resend
from live.spool import SUFFIX, Outgoing, Spool


class Far:
    """A durable side that can be away, refuse, or hang."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.tries = 0
        self.away = False
        self.hang = False
        self.breaks = False
        self.refuses: set[str] = set()

    async def __call__(self, item: Outgoing) -> None:
        self.tries += 1
        if self.hang:
            await asyncio.Event().wait()
        if self.away:
            raise Away("down")
        if self.breaks:
            raise KeyError("nobody foresaw it")
        if item.item_id in self.refuses:
            raise Refused("no")
        self.got.append(item.item_id)


@pytest.fixture
def far() -> Far:
    return Far()


def outbox(far: Far, folder: Path) -> Outbox:
    return Outbox(far, Spool(folder / f"a{SUFFIX}"), attempt_seconds=0.2)


async def test_in_order_and_nothing_on_disk_while_all_is_well(far: Far, tmp_path: Path) -> None:
    box = outbox(far, tmp_path)
    sent = [box.put(outgoing(n)) for n in range(5)]
    box.start()
    assert await asyncio.gather(*sent) == [Sent.SENT] * 5
    assert far.got == [f"i{n}" for n in range(5)]
    assert files(tmp_path) == []
    await box.aclose()


@pytest.mark.parametrize("how", ["away", "hang", "breaks"])
async def test_away_means_spooled_and_sent_later_once_in_order(far: Far, tmp_path: Path, how: str) -> None:
    box = outbox(far, tmp_path)
    setattr(far, how, True)
    box.start()
    first = box.put(outgoing(1))
    await until(lambda: box.away)
    second = box.put(outgoing(2))
    await box.on_disk()
    assert (tmp_path / f"a{SUFFIX}").read_text().count('"put"') == 2
    setattr(far, how, False)
    assert await asyncio.gather(first, second) == [Sent.SENT, Sent.SENT]
    assert far.got == ["i1", "i2"] and not box.away
    await box.aclose()
    assert files(tmp_path) == []


async def test_what_must_survive_is_on_disk_before_it_is_sent(far: Far, tmp_path: Path) -> None:
    box = outbox(far, tmp_path)
    far.hang = True
    box.put(outgoing(1), write_ahead=True)
    box.start()
    await until(lambda: far.tries == 1)
    assert '"i1"' in (tmp_path / f"a{SUFFIX}").read_text()
    await box.aclose()


async def test_a_refused_item_does_not_stop_the_next(far: Far, tmp_path: Path) -> None:
    box = outbox(far, tmp_path)
    far.refuses = {"i1"}
    first, second = box.put(outgoing(1), write_ahead=True), box.put(outgoing(2))
    box.start()
    assert (await first, await second) == (Sent.REFUSED, Sent.SENT)
    await box.aclose()
    assert files(tmp_path) == []


async def test_leaving_while_away_keeps_all_for_the_next_worker(far: Far, tmp_path: Path) -> None:
    box = outbox(far, tmp_path)
    far.away = True
    box.start()
    for number in (1, 2, 3):
        box.put(outgoing(number))
    assert not await box.flush(0.1)
    await box.aclose()
    assert far.got == []
    (heir,) = Spool.orphans(tmp_path)
    assert not await resend(heir, far), "still away"
    far.away, far.refuses = False, {"i2"}
    assert await resend(heir, far)
    await heir.aclose()
    assert far.got == ["i1", "i3"] and files(tmp_path) == []


async def test_an_outbox_that_was_never_started_flushes_to_disk(far: Far, tmp_path: Path) -> None:
    box = outbox(far, tmp_path)
    box.put(outgoing(1))
    assert not await box.flush(0.01)
    await box.aclose()
    assert len(Spool.orphans(tmp_path)) == 1
