"""The shop's own records: what the demo checks against, beside what was heard."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import httpx
from pydantic import BaseModel, ConfigDict, TypeAdapter


class Order(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    order_id: str
    item: str
    amount: str
    currency: str
    status: str


class Refund(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    order_id: str
    amount: Decimal
    committed_at: datetime


class Shop:
    """Reads over HTTP at `url`. Raises httpx.HTTPError."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=10, trust_env=False)

    async def orders(self) -> list[Order]:
        answer = (await self._http.get("/orders")).raise_for_status()
        return TypeAdapter(list[Order]).validate_json(answer.content)

    async def refunds(self, order_id: str) -> list[Refund]:
        answer = (await self._http.get("/books")).raise_for_status()
        return [r for r in map(Refund.model_validate, answer.json()["refunds"]) if r.order_id == order_id]

    async def aclose(self) -> None:
        await self._http.aclose()
