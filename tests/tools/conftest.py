from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

from shop_process import ShopProcess, running_shop


@pytest.fixture(scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ShopProcess]:
    async with running_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture
async def own_shop(tmp_path: Path) -> AsyncIterator[ShopProcess]:
    """A shop that the test may stop and start."""
    async with running_shop(tmp_path) as shop:
        yield shop
