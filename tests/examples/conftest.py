from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from shop_process import ShopProcess, running_shop


@pytest.fixture(scope="session")
async def shop(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ShopProcess]:
    async with running_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop
