"""The shop's tools, as an agent is offered them. To add one: a function with typed, described parameters."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context, MCPServer
from pydantic import Field

from examples.shop import appointments, mail, orders
from examples.shop.answers import Booking, Email, FoundEmail, FoundRefund, Order, Refund, Slots, Stock
from examples.shop.database import Database

KEY_IN_META = "greenroom/idempotency-key"

OrderId = Annotated[str, Field(description="The order number, three digits", pattern=r"^[0-9]{1,9}$")]
Amount = Annotated[
    str,
    Field(description="The amount of money to give back, at most what was paid", pattern=r"^[0-9]+(\.[0-9]{1,2})?$"),
]
Currency = Annotated[str, Field(description="The currency of the order, three letters", pattern="^[A-Z]{3}$")]
Reason = Annotated[str | None, Field(description="Why the customer wants the money back")]
Item = Annotated[str, Field(description="The name of the item or product", min_length=1)]
Day = Annotated[str | None, Field(description="The day of the week or the date, when the customer names one")]
SlotId = Annotated[str, Field(description="The number of the appointment slot", pattern=r"^[0-9]{1,9}$")]
Name = Annotated[str, Field(description="The name of the person who comes", min_length=1)]
Text = Annotated[str, Field(description="What the e-mail says", min_length=1)]
Key = Annotated[str | None, Field(description="The same key asks for the same thing: it is done once")]


def offer_tools(server: MCPServer, database: Database) -> None:
    """Put the shop's tools on the server."""

    @server.tool(
        description="Look up an order: what was ordered, what it cost, its status, where it is and when it was "
        "or will be delivered."
    )
    def lookup_order(order_id: OrderId) -> Order:
        return orders.order(database, order_id)

    @server.tool(description="Check the stock: whether an item or product is in stock or available, and its price.")
    def check_stock(item: Item) -> Stock:
        return orders.stock(database, item)

    @server.tool(
        description="Refund an order: give the customer the money back, for instance because the item arrived "
        "broken, damaged, wrong or unwanted."
    )
    def refund_order(
        order_id: OrderId,
        amount: Amount,
        currency: Currency,
        ctx: Context,
        reason: Reason = None,
        idempotency_key: Key = None,
    ) -> Refund:
        return orders.refund(database, order_id, amount, currency, reason, key_of(ctx, idempotency_key))

    @server.tool(description="Find out whether an order was already refunded, how much and when.")
    def find_refund(order_id: OrderId) -> FoundRefund:
        return orders.find_refund(database, order_id)

    @server.tool(description="List the free appointment slots: when the customer can come, by day and time.")
    def list_slots(day: Day = None) -> Slots:
        return appointments.free_slots(database, day)

    @server.tool(description="Book an appointment: reserve a free slot for a person.")
    def book_slot(slot_id: SlotId, name: Name, ctx: Context, idempotency_key: Key = None) -> Booking:
        return appointments.book(database, slot_id, name, key_of(ctx, idempotency_key))

    @server.tool(description="Cancel an appointment: give a booked slot back.")
    def cancel_slot(slot_id: SlotId, ctx: Context, idempotency_key: Key = None) -> Booking:
        return appointments.cancel(database, slot_id, key_of(ctx, idempotency_key))

    @server.tool(description="Send a courtesy e-mail: write the customer some friendly words about an order.")
    def send_courtesy_email(order_id: OrderId, text: Text) -> Email:
        return mail.send(database, order_id, text)

    @server.tool(description="Find out whether a courtesy e-mail about an order was sent, and when.")
    def find_courtesy_email(
        order_id: OrderId,
        text: Annotated[str | None, Field(description="Only an e-mail with exactly this text")] = None,
    ) -> FoundEmail:
        return mail.find(database, order_id, text)


def key_of(ctx: Context, argument: str | None) -> str | None:
    """The request's idempotency key: from its `_meta` first, else the argument."""
    in_meta = (ctx.request_context.meta or {}).get(KEY_IN_META)
    return str(in_meta) if in_meta is not None else argument
