"""Signs checkpoints of the audit trail while the durable side runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from sqlalchemy import Engine

from store.audit_keys import AuditKeys, open_or_make_keys
from store.errors import StoreError
from store.sealing import seal
from workers.settings import Settings
from workers.vault import opened_store

logger = logging.getLogger("greenroom.sealing")


@asynccontextmanager
async def sealing(settings: Settings) -> AsyncIterator[None]:
    """Seals what grew, at the interval of the settings, and once more at the end. Raises StoreError at the start."""
    keys = await asyncio.to_thread(open_or_make_keys, settings.audit_keys_dir)
    with opened_store(settings) as engine:
        task = asyncio.create_task(_run(engine, keys, settings.audit_seal_interval), name="sealing")
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await _seal(engine, keys)


async def _run(engine: Engine, keys: AuditKeys, interval: float) -> None:
    while True:
        await asyncio.sleep(interval)
        await _seal(engine, keys)


async def _seal(engine: Engine, keys: AuditKeys) -> None:
    try:
        await asyncio.to_thread(seal, engine, keys, datetime.now(UTC))
    except (StoreError, OSError) as error:  # the next turn seals it, once the cause is mended
        logger.warning("the audit trail could not be sealed: %s", error)
