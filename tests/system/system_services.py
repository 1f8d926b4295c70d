"""The shop and the inference server, from the outside: their own records, and their faults."""

from __future__ import annotations

import re

import httpx
from system_waiting import until

from workers.demo.shop import Order, Refund, Shop

UNKNOWN_ORDER = "999"
"""A number that the shop never draws."""


class BreakableShop(Shop):
    """The shop's books and faults."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._given: set[str] = set()

    async def delivered(self) -> list[Order]:
        """Delivered orders whose numbers have three different digits.

        The house recogniser writes a doubled digit a third time ("one eight eight": 1888), which is not the subject.
        """
        return [o for o in await self.orders() if o.status == "delivered" and len(set(o.order_id)) == len(o.order_id)]

    async def fresh_order(self) -> Order:
        """One that no other test of this run was given. Raises LookupError when there is none left."""
        for order in await self.delivered():
            if order.order_id not in self._given:
                self._given.add(order.order_id)
                return order
        raise LookupError("the shop has no more delivered orders: draw it with another seed, or share orders")

    async def break_next(self, tool: str, kind: str, *, seconds: float = 0.0) -> None:
        """The next call of the tool fails that way."""
        fault = {"tool": tool, "kind": kind, "seconds": seconds}
        (await self._http.put("/faults", json=fault)).raise_for_status()

    async def let_go(self, tool: str) -> None:
        """Takes back that tool's faults: what is held goes on."""
        (await self._http.delete("/faults", params={"tool": tool})).raise_for_status()

    async def emails(self, order_id: str) -> list[dict[str, object]]:
        books = (await self._http.get("/books")).raise_for_status().json()
        return [email for email in books["emails"] if email["order_id"] == order_id]

    async def requests(self, tool: str, *, since: int = 0) -> list[dict[str, object]]:
        """Every request for that tool, from the nth on."""
        books = (await self._http.get("/books")).raise_for_status().json()
        return [request for request in books["requests"] if request["tool"] == tool][since:]

    async def until_open(self, tool: str, count: int = 1, *, within: float) -> None:
        """Until so many calls of that tool are being served."""

        async def look() -> bool:
            served = (await self._http.get("/open")).json()
            return [seen["tool"] for seen in served].count(tool) >= count

        await until(look, within, f"{count} open calls of {tool}")

    async def until_refunded(self, order_id: str, *, within: float) -> list[Refund]:
        """The refunds of that order, once there is one."""
        return await until(lambda: self.refunds(order_id), within, f"a refund of {order_id}")


class InferenceFaults:
    """Faults of the inference server: at most one a target (`chat`, `speech`, `listen`)."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=10, trust_env=False)

    async def set(self, target: str, kind: str, **options: object) -> None:
        (await self._http.put(f"/faults/{target}", json={"kind": kind, **options})).raise_for_status()

    async def hits(self, target: str) -> int:
        board: dict[str, dict[str, int]] = (await self._http.get("/faults")).raise_for_status().json()
        return board.get(target, {}).get("hits", 0)

    async def served(self, kind: str) -> int:
        """How many requests of that kind met no fault so far."""
        text = (await self._http.get("/metrics")).raise_for_status().text
        counted = re.findall(rf'^inference_requests_total{{kind="{kind}",outcome="(\w+)"}} (\S+)$', text, re.MULTILINE)
        return sum(int(float(number)) for outcome, number in counted if outcome != "fault")

    async def clear(self) -> None:
        (await self._http.delete("/faults")).raise_for_status()

    async def recover(self, kind: str, within: float) -> None:
        """Clears all faults; returns once a request of that kind, from whomever, was served again."""
        before = await self.served(kind)
        await self.clear()

        async def more() -> bool:
            return await self.served(kind) > before

        await until(more, within, f"another {kind} request without a fault")

    async def aclose(self) -> None:
        await self._http.aclose()
