"""Sealing goes on at its interval, whatever went wrong before, but not over a loss."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest
from record_samples import MORNING, audit
from sqlalchemy import Engine, delete, update

from store.audit import verify
from store.audit_keys import ANCHORS, Anchor, AuditKeys, make_key
from store.audit_tables import audit_heads, audit_seals
from store.errors import StoreDamaged, StoreError
from store.sealing import seal
from store.writer import RecordWriter
from workers.sealing import sealing
from workers.settings import load_settings


async def test_what_goes_wrong_once_does_not_end_the_sealing(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[AuditKeys] = []
    again = asyncio.Event()
    loop = asyncio.get_running_loop()

    def fail_once(_engine: Engine, keys: AuditKeys, _at: datetime) -> int:
        tried.append(keys)
        if len(tried) == 1:
            raise StoreError("last-seal.json is no JSON")
        loop.call_soon_threadsafe(again.set)
        return 0

    monkeypatch.setattr("workers.sealing.seal", fail_once)
    folder, interval = tmp_path / "keys", 0.01
    async with sealing(load_settings(database_url=database_url, audit_keys_dir=folder, audit_seal_interval=interval)):
        await asyncio.wait_for(again.wait(), 10)
    assert "last-seal.json is no JSON" in caplog.text


def test_a_database_that_was_set_back_is_not_sealed_anew(engine: Engine, tmp_path: Path) -> None:
    keys = make_key(tmp_path / "keys")
    for name in ("e1", "e2"):
        RecordWriter(engine).write([audit(name)])
        assert seal(engine, keys, MORNING) == 1
    with engine.begin() as connection:
        connection.execute(delete(audit_seals).where(audit_seals.c.number == 2))
        connection.execute(update(audit_heads).values(sealed=1))
    with pytest.raises(StoreDamaged, match=r"made 2 signed checkpoints, the database has 1.*last-seal\.json"):
        seal(engine, keys, MORNING)
    broken = verify(engine, keys=keys).broken
    assert broken is not None and broken.place == "seal 2"
    (keys.folder / ANCHORS).write_text('{"x": 3}')
    with pytest.raises(StoreError, match="was broken"):
        seal(engine, keys, MORNING)
    (keys.folder / ANCHORS).unlink()
    assert seal(engine, keys, MORNING) == 1 and verify(engine, keys=keys).intact


def test_the_newest_of_two_anchors_stays(tmp_path: Path) -> None:
    keys = make_key(tmp_path)
    for number in (1, 3, 2):
        keys.keep_anchor("a", Anchor(number, str(number)))
    keys.keep_anchor("b", Anchor(1, "1"))
    assert keys.anchor("a") == Anchor(3, "3") and keys.anchor("b") == Anchor(1, "1")
