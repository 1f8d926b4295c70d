"""The durable side seals the audit trail at its interval, whatever went wrong before."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from store.audit_keys import AuditKeys
from store.errors import StoreError
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
