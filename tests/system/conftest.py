"""One real stack a run, and what a test needs to call, decide, break and look."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import system_stack
from system_fixtures import (  # noqa: F401 (fixtures, and what is added to a failed test's report)
    backstage,
    faults,
    pytest_runtest_makereport,
    reviewer,
    ring,
    settings,
    shop,
    speech,
    switches,
    temporal,
)

from workers.stack.stack import Stack


@pytest.fixture(scope="session")
async def stack() -> AsyncIterator[Stack]:
    """The whole stack, breakable, with compositions of its own; in place of the shared one."""
    data = Path(tempfile.mkdtemp(prefix="greenroom-", dir="/tmp"))  # short: Unix sockets live in it
    try:
        async with system_stack.start(data) as running:
            yield running
    finally:
        shutil.rmtree(data)
