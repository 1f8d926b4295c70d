"""A real shop in its own process, on a free port, with its own file."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[2]


class ShopProcess:
    def __init__(self, database: Path, seed: int = 417, allow_faults: bool = True) -> None:
        self.database = database
        self.seed = seed
        self._allow_faults = allow_faults
        self.port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._http = httpx.AsyncClient(timeout=10)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.address}/mcp"

    async def start(self) -> None:
        """Start it, again on the same port after the first time, and wait until it listens."""
        command = [sys.executable, "-m", "examples.shop", "--port", str(self.port), "--seed", str(self.seed)]
        command += ["--database", str(self.database)] + (["--allow-faults"] if self._allow_faults else [])
        self._process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        assert self._process.stdout is not None
        line = (await asyncio.wait_for(self._process.stdout.readline(), 30)).decode()
        assert line.startswith("shop: http://"), f"the shop did not start: {line!r}"
        self.port = int(line.rsplit(":", 1)[1].split("/")[0])

    async def stop(self) -> None:
        """SIGTERM, and wait for the end."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await asyncio.wait_for(self._process.wait(), 10)

    async def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def close(self) -> None:
        await self.stop()
        await self._http.aclose()

    async def get(self, path: str) -> Any:
        answer = await self._http.get(self.address + path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def books(self) -> dict[str, list[dict[str, Any]]]:
        books: dict[str, list[dict[str, Any]]] = await self.get("/books")
        return books

    async def refunds(self, order_id: str) -> list[dict[str, Any]]:
        return [row for row in (await self.books())["refunds"] if row["order_id"] == order_id]

    async def emails(self, order_id: str) -> list[dict[str, Any]]:
        return [row for row in (await self.books())["emails"] if row["order_id"] == order_id]

    async def fault(self, tool: str, kind: str, seconds: float = 0, count: int = 1) -> None:
        order = {"tool": tool, "kind": kind, "seconds": seconds, "count": count}
        answer = await self._http.put(self.address + "/faults", json=order)
        assert answer.status_code == 200, answer.text

    async def wait_open(self, count: int) -> None:
        """Until that many requests are being served."""
        async with asyncio.timeout(10):
            while len(await self.get("/open")) != count:  # noqa: ASYNC110 - it is in another process
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running_shop(folder: Path, seed: int = 417, allow_faults: bool = True) -> AsyncIterator[ShopProcess]:
    shop = ShopProcess(folder / "shop.db", seed, allow_faults)
    try:
        await shop.start()
        yield shop
    finally:
        await shop.close()
