"""One Temporal server and one set of workers for all tests of workflows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from workflow_world import World, world


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder needs the server."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.stack)


@pytest_asyncio.fixture(scope="session")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with world(tmp_path_factory.mktemp("stage")) as found:
        yield found


@pytest_asyncio.fixture(scope="session")
async def forgetful_stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A stage on which every workflow continues as new after a few events."""
    short = {"limit.historyCount.suggestContinueAsNew": 40}
    async with world(tmp_path_factory.mktemp("forgetful"), short) as found:
        yield found
