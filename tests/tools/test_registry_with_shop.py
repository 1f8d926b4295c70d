"""The registry against the real shop in its own process: what the caller is told, and what the shop's books say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from shop_process import ShopProcess
from tool_calls import TrustingRegistry, approved, body, make_call, with_tool

from contracts.composition import Composition
from contracts.task import EffectRecord, StepResult, StepStatus
from contracts.tools import ToolStatus
from policy.compensation import undo_of, undoing_call
from tools.compositions import load_composition
from tools.mcp_server import McpToolServer
from tools.registry import ToolRegistry

pytestmark = pytest.mark.stack

SUPPORT = load_composition(Path(__file__).parents[2] / "compositions" / "support.yml")


@pytest.fixture(scope="session")
async def server(shop: ShopProcess) -> AsyncIterator[McpToolServer]:
    server = McpToolServer("shop", shop.url)
    yield server
    await server.aclose()


@pytest.fixture
def tools(server: McpToolServer) -> ToolRegistry:
    return TrustingRegistry(SUPPORT, {"shop": server})


def hurried(server: McpToolServer, tool: str, seconds: float) -> ToolRegistry:
    composition: Composition = with_tool(SUPPORT, tool, timeout_seconds=seconds)
    return TrustingRegistry(composition, {"shop": server})


async def open_order(shop: ShopProcess) -> dict[str, Any]:
    """A delivered order that nobody has refunded or written about yet."""
    books = await shop.books()
    touched = {row["order_id"] for row in books["refunds"] + books["emails"]}
    orders = await shop.get("/orders")
    return next(row for row in orders if row["status"] == "delivered" and row["order_id"] not in touched)


def refund_of(order: dict[str, Any]) -> dict[str, Any]:
    return {"order_id": order["order_id"], "amount": order["amount"], "currency": order["currency"]}


async def requests_with(shop: ShopProcess, key: str) -> list[dict[str, Any]]:
    return [row for row in (await shop.books())["requests"] if row["key"] == key]


async def test_both_sides_get_their_tools_from_the_same_registry(tools: ToolRegistry) -> None:
    assert {spec.name for spec in await tools.specs("voice")} == {"lookup_order", "check_stock"}
    operator = {spec.name: spec for spec in await tools.specs("operator")}
    assert {"refund_order", "find_refund", "book_slot", "send_courtesy_email"} <= operator.keys()
    assert "idempotency_key" not in operator["refund_order"].parameters["properties"]
    assert operator["refund_order"].parameters["required"] == ["order_id", "amount", "currency"]
    assert operator["refund_order"].declaration.key_argument == "idempotency_key"
    assert await tools.specs("planner") == ()


async def test_a_live_look_up_is_answered_and_an_unknown_order_is_an_answer_too(
    shop: ShopProcess, tools: ToolRegistry
) -> None:
    order = (await shop.get("/orders"))[0]
    found = await tools.call(make_call("lookup_order", {"order_id": order["order_id"]}, role="voice"))
    assert found.status is ToolStatus.OK
    assert body(found)["item"] == order["item"]
    assert found.result.subject_id == "ada"
    unknown = await tools.call(make_call("lookup_order", {"order_id": "999"}, role="voice"))
    assert unknown.status is ToolStatus.OK
    assert body(unknown)["message"] == "There is no order 999."


async def test_nothing_reaches_the_shop_without_authority(shop: ShopProcess, tools: ToolRegistry) -> None:
    order = await open_order(shop)
    wanted = refund_of(order)
    before = len((await shop.books())["requests"])
    changed = approved("refund_order", wanted, key="stolen").model_copy(
        update={"arguments": make_call("refund_order", {**wanted, "amount": "1.00"}).arguments}
    )
    for call in (
        make_call("refund_order", wanted, role="voice", idempotency_key="k"),
        make_call("refund_order", wanted, idempotency_key="k"),
        changed,
        approved("refund_order", {**wanted, "amount": "a lot"}, key="k"),
        approved("refund_order", {"order_id": order["order_id"]}, key="k"),
    ):
        outcome = await tools.call(call)
        assert outcome.status is ToolStatus.REFUSED, body(outcome)
    assert len((await shop.books())["requests"]) == before
    assert await shop.refunds(order["order_id"]) == []


async def test_a_repeated_key_refunds_once_and_a_second_refund_is_refused(
    shop: ShopProcess, tools: ToolRegistry
) -> None:
    order = await open_order(shop)
    call = approved("refund_order", refund_of(order), key="task/1/step/1")
    first, again = await tools.call(call), await tools.call(call)
    assert (first.status, again.status) == (ToolStatus.OK, ToolStatus.OK)
    assert body(again) == {**body(first), "repeated": True}
    second = await tools.call(approved("refund_order", refund_of(order), key="task/2/step/1"))
    assert second.status is ToolStatus.REFUSED
    assert body(second)["error"] == "already_refunded"
    assert [row["key"] for row in await shop.refunds(order["order_id"])] == ["task/1/step/1"]


async def test_an_answer_that_was_cut_off_is_unknown_and_the_same_key_finds_it_done(
    shop: ShopProcess, tools: ToolRegistry
) -> None:
    order = await open_order(shop)
    call = approved("refund_order", refund_of(order), key="cut")
    await shop.fault("refund_order", "drop_after_commit")
    lost = await tools.call(call)
    assert lost.status is ToolStatus.UNKNOWN, body(lost)
    assert len(await shop.refunds(order["order_id"])) == 1
    assert tools.may_resend("refund_order")
    again = await tools.call(call)
    assert again.status is ToolStatus.OK
    assert body(again)["repeated"] is True
    assert len(await shop.refunds(order["order_id"])) == 1
    assert len(await requests_with(shop, "cut")) == 2


async def test_a_slow_commit_is_unknown_and_the_re_sent_key_does_not_double_it(
    shop: ShopProcess, server: McpToolServer
) -> None:
    order = await open_order(shop)
    call = approved("refund_order", refund_of(order), key="slow")
    hasty = hurried(server, "refund_order", 0.3)
    await hasty.specs("operator")
    await shop.fault("refund_order", "delay_before_commit", seconds=1)
    assert (await hasty.call(call)).status is ToolStatus.UNKNOWN
    # The first request is still on its way to its commit when the same key comes again.
    assert [row["tool"] for row in await shop.get("/open")] == ["refund_order"]
    again = await TrustingRegistry(SUPPORT, {"shop": server}).call(call)
    assert again.status is ToolStatus.OK
    await shop.wait_open(0)
    assert len(await shop.refunds(order["order_id"])) == 1


async def test_an_error_before_the_commit_proves_nothing(shop: ShopProcess, tools: ToolRegistry) -> None:
    order = await open_order(shop)
    call = approved("refund_order", refund_of(order), key="bad day")
    await shop.fault("refund_order", "error_before_commit")
    assert (await tools.call(call)).status is ToolStatus.UNKNOWN
    assert (await tools.resolve(call)).status is ToolStatus.UNKNOWN
    assert (await tools.call(call)).status is ToolStatus.OK
    assert (await tools.resolve(call)).status is ToolStatus.OK


async def test_a_cut_email_is_sent_once_and_found_by_the_look_up(shop: ShopProcess, tools: ToolRegistry) -> None:
    order_id = (await open_order(shop))["order_id"]
    call = make_call("send_courtesy_email", {"order_id": order_id, "text": "We are sorry about the scratch."})
    assert (await tools.resolve(call)).status is ToolStatus.UNKNOWN
    await shop.fault("send_courtesy_email", "drop_after_commit")
    assert (await tools.call(call)).status is ToolStatus.UNKNOWN
    assert (await tools.call(call)).status is ToolStatus.UNKNOWN
    found = await tools.resolve(call)
    assert found.status is ToolStatus.OK
    assert body(found)["found"] is True
    assert len(await shop.emails(order_id)) == 1


async def test_an_email_that_is_still_on_its_way_is_not_said_to_be_undone(
    shop: ShopProcess, server: McpToolServer
) -> None:
    order_id = (await open_order(shop))["order_id"]
    hasty = hurried(server, "send_courtesy_email", 0.3)
    call = make_call("send_courtesy_email", {"order_id": order_id, "text": "Thank you for your patience."})
    await hasty.specs("operator")
    await shop.fault("send_courtesy_email", "delay_before_commit", seconds=1)
    assert (await hasty.call(call)).status is ToolStatus.UNKNOWN
    assert (await hasty.resolve(call)).status is ToolStatus.UNKNOWN
    await shop.wait_open(0)
    assert (await hasty.resolve(call)).status is ToolStatus.OK
    assert len(await shop.emails(order_id)) == 1


async def test_a_slow_read_in_a_turn_fails_in_time(shop: ShopProcess, server: McpToolServer) -> None:
    order_id = (await shop.get("/orders"))[0]["order_id"]
    hasty = hurried(server, "lookup_order", 0.3)
    await hasty.specs("voice")
    await shop.fault("lookup_order", "delay_after_commit", seconds=1)
    call = make_call("lookup_order", {"order_id": order_id}, role="voice")
    async with asyncio.timeout(0.9):
        outcome = await hasty.call(call)
    assert outcome.status is ToolStatus.FAILED
    await shop.wait_open(0)


async def test_one_broken_call_does_not_disturb_its_neighbours(shop: ShopProcess, tools: ToolRegistry) -> None:
    orders = await shop.get("/orders")
    refunded = await open_order(shop)
    await shop.fault("refund_order", "drop_after_commit")
    await shop.fault("lookup_order", "delay_before_commit", seconds=0.5, count=2)
    looked, other, cut = await asyncio.gather(
        tools.call(make_call("lookup_order", {"order_id": orders[0]["order_id"]})),
        tools.call(make_call("lookup_order", {"order_id": orders[1]["order_id"]})),
        tools.call(approved("refund_order", refund_of(refunded), key="neighbour")),
    )
    assert cut.status is ToolStatus.UNKNOWN
    assert (looked.status, other.status) == (ToolStatus.OK, ToolStatus.OK)
    assert body(looked)["order_id"] == orders[0]["order_id"]
    assert body(other)["order_id"] == orders[1]["order_id"]


async def test_two_concurrent_calls_with_one_key_refund_once(shop: ShopProcess, tools: ToolRegistry) -> None:
    order = await open_order(shop)
    calls = [approved("refund_order", refund_of(order), key="twice") for _ in range(2)]
    outcomes = await asyncio.gather(*(tools.call(call) for call in calls))
    assert [outcome.status for outcome in outcomes] == [ToolStatus.OK, ToolStatus.OK]
    assert sorted(body(outcome)["repeated"] for outcome in outcomes) == [False, True]
    assert len(await shop.refunds(order["order_id"])) == 1


async def test_a_restarted_shop_is_met_by_the_next_call(own_shop: ShopProcess) -> None:
    server = McpToolServer("shop", own_shop.url)
    tools = TrustingRegistry(SUPPORT, {"shop": server})
    try:
        order = await open_order(own_shop)
        call = approved("refund_order", refund_of(order), key="before and after")
        assert (await tools.call(call)).status is ToolStatus.OK
        await own_shop.kill()
        down = await tools.call(call)
        assert down.status is ToolStatus.FAILED, body(down)
        assert own_shop.url in body(down)["message"]
        await own_shop.start()
        again = await tools.call(call)
        assert again.status is ToolStatus.OK
        assert body(again)["repeated"] is True
        # Once more without a call in between: the pooled connection is dead, and nothing has noticed it yet.
        await own_shop.kill()
        await own_shop.start()
        assert (await tools.call(call)).status is ToolStatus.OK
        assert len(await own_shop.refunds(order["order_id"])) == 1
    finally:
        await server.aclose()


async def test_a_shop_that_dies_with_an_effect_in_its_hands_leaves_it_unknown(own_shop: ShopProcess) -> None:
    server = McpToolServer("shop", own_shop.url)
    tools = TrustingRegistry(SUPPORT, {"shop": server})
    try:
        order = await open_order(own_shop)
        call = approved("refund_order", refund_of(order), key="died")
        await own_shop.fault("refund_order", "delay_before_commit", seconds=30)
        waiting = asyncio.create_task(tools.call(call))
        await own_shop.wait_open(1)
        await own_shop.kill()
        assert (await waiting).status is ToolStatus.UNKNOWN
        await own_shop.start()
        assert await own_shop.refunds(order["order_id"]) == []
        assert (await tools.call(call)).status is ToolStatus.OK
        assert len(await own_shop.refunds(order["order_id"])) == 1
    finally:
        await server.aclose()


async def test_a_booking_is_undone_once_by_whoever_may_book(shop: ShopProcess, tools: ToolRegistry) -> None:
    """The undo comes from the composition and the real answer; by itself the role may not call it."""
    slot = body(await tools.call(make_call("list_slots", {})))["slots"][0]["slot_id"]
    book = make_call("book_slot", {"slot_id": slot, "name": "Ada"}, idempotency_key="undo-1")
    booked = await tools.call(book)
    undo = undo_of(SUPPORT, book, booked)
    assert undo is not None and undo.tool == "cancel_slot"
    effect = EffectRecord(tool="book_slot", call_id="undo-1", idempotency_key="undo-1", status="ok", undo=undo)
    step = StepResult(step_id="s1", role="operator", status=StepStatus.DONE, answer=book.arguments, effects=(effect,))
    like = {"composition": "support", "subject_id": "ada", "session_id": "session", "task_id": "task"}
    call = undoing_call(step, effect, like, SUPPORT.tool("cancel_slot"))

    assert "cancel_slot" not in {spec.name for spec in await tools.specs("operator")}
    alone = await tools.call(call.model_copy(update={"compensates": None}))
    other = await tools.call(call.model_copy(update={"compensates": "refund_order"}))
    assert (alone.status, other.status) == (ToolStatus.REFUSED, ToolStatus.REFUSED)
    bookings = [row for row in (await shop.books())["bookings"] if row["slot_id"] == slot]
    assert [row["cancelled_at"] for row in bookings] == [None]

    first, again = await tools.call(call), await tools.call(call)
    assert (first.status, again.status) == (ToolStatus.OK, ToolStatus.OK)
    assert (body(first)["status"], body(again)["repeated"]) == ("cancelled", True)
    [booking] = [row for row in (await shop.books())["bookings"] if row["slot_id"] == slot]
    assert booking["cancelled_at"] is not None
