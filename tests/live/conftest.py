"""What tests of live agents share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from live_room import LiveRoom, live_room
from live_silence import MEASURED
from rich.console import Console


@pytest.fixture(scope="session")
async def alone() -> AsyncIterator[LiveRoom]:
    data = Path(tempfile.mkdtemp(prefix="gr-live-", dir="/tmp"))  # short: Unix sockets live in it
    try:
        async with live_room(data) as room:
            yield room
    finally:
        shutil.rmtree(data)


def pytest_terminal_summary() -> None:
    if MEASURED.cells:
        MEASURED.print(Console(width=100))
