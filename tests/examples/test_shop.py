"""The shop as any MCP client meets it: through the official client, with no code of ours between."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from shop_process import ROOT, ShopProcess, running_shop

from examples.shop.books import all_orders
from examples.shop.database import Database
from examples.shop.seed import draw

pytestmark = pytest.mark.stack


async def ask(shop: ShopProcess, tool: str, meta: dict[str, Any] | None = None, **arguments: Any) -> dict[str, Any]:
    async with Client(shop.url) as client:
        result = await client.call_tool(tool, arguments, meta=meta)
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    answer: dict[str, Any] = result.structured_content
    return answer


def run(module: str, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)


async def delivered(shop: ShopProcess) -> dict[str, Any]:
    """A delivered order that nobody has refunded yet."""
    orders = [order for order in await shop.get("/orders") if order["status"] == "delivered"]
    return dict(orders[0])


async def test_every_tool_describes_itself_and_its_answer(shop: ShopProcess) -> None:
    async with Client(shop.url) as client:
        tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == {
        "lookup_order",
        "check_stock",
        "refund_order",
        "find_refund",
        "list_slots",
        "book_slot",
        "cancel_slot",
        "send_courtesy_email",
        "find_courtesy_email",
    }
    for tool in tools:
        assert tool.description
        assert tool.output_schema is not None
        for name, schema in tool.input_schema["properties"].items():
            assert schema["description"], f"{tool.name}.{name} has no description"


async def test_an_order_is_looked_up_and_an_unknown_one_is_said_to_be_unknown(shop: ShopProcess) -> None:
    order = (await shop.get("/orders"))[0]
    found = await ask(shop, "lookup_order", order_id=order["order_id"])
    assert found["item"] == order["item"]
    assert found["amount"] == order["amount"]
    assert await ask(shop, "lookup_order", order_id="999") == {
        "error": "not_found",
        "message": "There is no order 999.",
    }


async def test_stock_is_found_by_the_words_of_a_customer(shop: ShopProcess) -> None:
    assert (await ask(shop, "check_stock", item="the desk lamps"))["item"] == "desk lamp"
    assert (await ask(shop, "check_stock", item="bananas"))["error"] == "not_found"


async def test_the_same_key_refunds_once_and_another_key_is_refused(shop: ShopProcess) -> None:
    order = await delivered(shop)
    wanted = {"order_id": order["order_id"], "amount": order["amount"], "currency": order["currency"]}
    first = await ask(shop, "refund_order", meta={"greenroom/idempotency-key": "a"}, **wanted)
    # What stands in `_meta` counts more than the argument.
    again = await ask(shop, "refund_order", meta={"greenroom/idempotency-key": "a"}, idempotency_key="other", **wanted)
    assert first["repeated"] is False
    assert again == {**first, "repeated": True}
    assert (await ask(shop, "refund_order", idempotency_key="b", **wanted))["error"] == "already_refunded"
    assert (await ask(shop, "refund_order", **wanted))["error"] == "already_refunded"
    assert len(await shop.refunds(order["order_id"])) == 1
    assert (await ask(shop, "find_refund", order_id=order["order_id"]))["found"] is True
    assert (await ask(shop, "lookup_order", order_id=order["order_id"]))["status"] == "refunded"


async def test_a_key_is_not_lent_to_another_action(shop: ShopProcess) -> None:
    first = await delivered(shop)
    wanted = {"amount": "1.00", "currency": first["currency"], "idempotency_key": "lent"}
    assert (await ask(shop, "refund_order", order_id=first["order_id"], **wanted))["status"] == "partly refunded"
    second = await delivered(shop)
    assert second["order_id"] != first["order_id"]
    assert (await ask(shop, "refund_order", order_id=second["order_id"], **wanted))["error"] == "key_reused"
    assert await shop.refunds(second["order_id"]) == []


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"order_id": "999"}, "not_found"),
        ({"amount": "100000.00"}, "wrong_amount"),
        ({"amount": "0"}, "wrong_amount"),
        ({"currency": "USD"}, "wrong_currency"),
    ],
)
async def test_what_the_shop_refuses_to_refund(shop: ShopProcess, changed: dict[str, str], error: str) -> None:
    order = await delivered(shop)
    wanted = {"order_id": order["order_id"], "amount": order["amount"], "currency": order["currency"], **changed}
    answer = await ask(shop, "refund_order", **wanted)
    assert answer["error"] == error
    assert answer["message"].endswith(".")
    assert await shop.refunds(wanted["order_id"]) == []


async def test_a_slot_is_booked_once_and_given_back(shop: ShopProcess) -> None:
    slot = (await ask(shop, "list_slots"))["slots"][0]
    same_day = (await ask(shop, "list_slots", day=slot["day"]))["slots"]
    assert slot in same_day
    assert {found["day"] for found in same_day} == {slot["day"]}
    booked = await ask(shop, "book_slot", slot_id=slot["slot_id"], name="Ada", idempotency_key="slot-1")
    assert booked["status"] == "booked"
    taken = await ask(shop, "book_slot", slot_id=slot["slot_id"], name="Bob", idempotency_key="slot-2")
    assert taken["error"] == "taken"
    cancelled = await ask(shop, "cancel_slot", slot_id=slot["slot_id"], idempotency_key="slot-3")
    assert cancelled["status"] == "cancelled"
    again = await ask(shop, "cancel_slot", slot_id=slot["slot_id"], idempotency_key="slot-3")
    assert again == {**cancelled, "repeated": True}
    assert slot in (await ask(shop, "list_slots", day=slot["day"]))["slots"]


async def test_each_call_sends_an_email(shop: ShopProcess) -> None:
    order_id = (await shop.get("/orders"))[0]["order_id"]
    assert (await ask(shop, "find_courtesy_email", order_id=order_id))["found"] is False
    await ask(shop, "send_courtesy_email", order_id=order_id, text="Enjoy it")
    await ask(shop, "send_courtesy_email", order_id=order_id, text="Enjoy it")
    assert (await ask(shop, "find_courtesy_email", order_id=order_id))["count"] == 2
    assert (await ask(shop, "find_courtesy_email", order_id=order_id, text="Other words"))["found"] is False
    assert [email["text"] for email in await shop.emails(order_id)] == ["Enjoy it", "Enjoy it"]


async def test_the_books_tell_when_a_request_came_and_when_it_was_committed(shop: ShopProcess) -> None:
    order = await delivered(shop)
    wanted = {"order_id": order["order_id"], "amount": order["amount"], "currency": order["currency"]}
    await ask(shop, "refund_order", meta={"greenroom/idempotency-key": "journal"}, **wanted)
    await ask(shop, "refund_order", meta={"greenroom/idempotency-key": "journal"}, **wanted)
    first, second = [row for row in (await shop.books())["requests"] if row["key"] == "journal"]
    assert first["received_at"] <= first["committed_at"] <= first["answered_at"]
    assert second["committed_at"] is None
    assert second["answered_at"] is not None
    printed = run("examples.shop.books", "--database", str(shop.database), "--json")
    assert json.loads(printed.stdout) == await shop.books()


async def test_the_seed_alone_decides_what_is_drawn(shop: ShopProcess, tmp_path: Path) -> None:
    (tmp_path / "same").mkdir()
    (tmp_path / "other").mkdir()

    def drawn(orders: list[dict[str, Any]]) -> list[tuple[str, ...]]:
        return [(order["order_id"], order["item"], order["amount"], order["customer"]) for order in orders]

    async with running_shop(tmp_path / "same", seed=shop.seed) as same:
        assert drawn(await same.get("/orders")) == drawn(await shop.get("/orders"))
    async with running_shop(tmp_path / "other", seed=shop.seed + 1) as other:
        orders = await other.get("/orders")
        assert drawn(orders) != drawn(await shop.get("/orders"))
    assert len({order["order_id"] for order in orders}) == len(orders)
    assert all(len(order["order_id"]) == 3 and order["order_id"] != "999" for order in orders)
    assert len([order for order in orders if order["status"] == "delivered"]) >= 12
    assert len({order["customer"] for order in orders}) > 1


async def test_a_file_of_another_seed_and_a_taken_port_are_named(shop: ShopProcess, tmp_path: Path) -> None:
    other = run("examples.shop", "--port", "0", "--database", str(shop.database), "--seed", "1")
    assert other.returncode == 1
    assert f"give --seed {shop.seed}" in other.stderr
    taken = run("examples.shop", "--port", str(shop.port), "--database", str(tmp_path / "x.db"))
    assert taken.returncode == 1
    assert f"127.0.0.1:{shop.port}" in taken.stderr
    assert "--port" in taken.stderr


@pytest.mark.parametrize(("kind", "committed", "place"), [("hold_before_commit", 0, -1), ("hold_after_commit", 1, -2)])
async def test_a_held_request_stays_on_its_side_of_the_commit_until_it_is_let_go(
    shop: ShopProcess, kind: str, committed: int, place: int
) -> None:
    order_id = (await shop.get("/orders"))[place]["order_id"]
    await shop.fault("send_courtesy_email", kind)
    asking = asyncio.create_task(ask(shop, "send_courtesy_email", order_id=order_id, text="Hold on"))
    await shop.wait_open(1)
    async with asyncio.timeout(10):
        while len(await shop.emails(order_id)) < committed:  # noqa: ASYNC110 - it is in another process
            await asyncio.sleep(0.02)
    async with httpx.AsyncClient() as http:
        await http.delete(f"{shop.address}/faults", params={"tool": "refund_order"})
        assert len(await shop.emails(order_id)) == committed
        assert len(await shop.get("/open")) == 1 and not asking.done()
        await http.delete(f"{shop.address}/faults", params={"tool": "send_courtesy_email"})
    assert (await asking)["status"] == "sent"
    assert len(await shop.emails(order_id)) == 1


def test_as_many_orders_are_drawn_as_are_asked_for(tmp_path: Path) -> None:
    database = Database(tmp_path / "large.db")
    draw(database, 1, date(2026, 3, 13), orders=150)
    orders = all_orders(database)
    assert len({order["order_id"] for order in orders}) == 150
    assert sum(order["status"] == "delivered" for order in orders) >= 75


async def test_a_fault_that_does_not_exist_is_refused(shop: ShopProcess) -> None:
    async with httpx.AsyncClient() as http:
        wrong = await http.put(f"{shop.address}/faults", json={"tool": "lookup_order", "kind": "explode"})
    assert wrong.status_code == 422
    assert "delay_before_commit" in wrong.json()["message"]


async def test_nobody_orders_faults_in_a_shop_that_does_not_allow_them(tmp_path: Path) -> None:
    async with running_shop(tmp_path, allow_faults=False) as shop, httpx.AsyncClient() as http:
        assert (await http.get(f"{shop.address}/health")).json() == {"status": "ok"}
        order = {"tool": "lookup_order", "kind": "error_before_commit"}
        assert (await http.put(f"{shop.address}/faults", json=order)).status_code == 404
