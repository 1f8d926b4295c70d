"""What dead jobs could not send: one spool that cannot be sent holds up neither the others nor the next round."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest
from live_samples import outgoing
from temporalio.client import Client

from live.outbox import Send
from live.spool import SUFFIX, UNCOVERED, Spool
from workers import voice


async def test_a_spool_that_fails_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("a", "b"):
        spool = Spool(tmp_path / f"{name}{SUFFIX}")
        await spool.put([outgoing(1)])
        await spool.aclose()
    tried: list[str] = []
    done = asyncio.Event()

    async def resend(spool: Spool, send: Send) -> bool:
        tried.append(spool.path.name[0])
        if tried == ["a"]:
            raise RuntimeError("the key cannot be had now")
        for item in spool.unsent:
            await spool.settle(item.item_id)
        if len(tried) == 3:
            done.set()
        return True

    monkeypatch.setattr(voice, "resend", resend)
    monkeypatch.setattr(voice, "ORPHAN_SECONDS", 0.01)
    sending = asyncio.create_task(voice.resend_orphans(tmp_path, cast(Client, None), UNCOVERED))
    await asyncio.wait_for(done.wait(), 10)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert tried == ["a", "b", "a"] and "the key cannot be had now" in caplog.text
