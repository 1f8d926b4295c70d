"""Orders, stock and refunds: what the shop knows and which rules it keeps."""

from __future__ import annotations

import sqlite3
from typing import cast

from examples.shop.answers import FoundRefund, Order, Refund, Stock, no
from examples.shop.database import Database, now
from examples.shop.money import to_cents, to_text
from examples.shop.once import once


def order(database: Database, order_id: str) -> Order:
    with database.statements() as db:
        row = _order(db, order_id)
    if row is None:
        return _unknown_order(order_id)
    answer: Order = {
        "order_id": row["order_id"],
        "item": row["item"],
        "amount": to_text(row["amount_cents"]),
        "currency": row["currency"],
        "status": row["status"],
    }
    if row["delivered_on"] is not None:
        answer["delivered_on"] = row["delivered_on"]
    if row["expected_on"] is not None:
        answer["expected_on"] = row["expected_on"]
    if row["note"]:
        answer["note"] = row["note"]
    return answer


def stock(database: Database, item: str) -> Stock:
    """The item whose name shares most words with what was asked for."""
    asked = {_stem(word) for word in item.lower().split()}
    with database.statements() as db:
        rows = db.execute("SELECT * FROM stock ORDER BY item").fetchall()
    shared = [(len(asked & {_stem(word) for word in row["item"].split()}), row) for row in rows]
    best, row = max(shared, key=lambda pair: pair[0])
    if best == 0:
        return cast(Stock, no("not_found", f"We do not sell {item}."))
    return {
        "item": row["item"],
        "in_stock": row["in_stock"],
        "price": to_text(row["price_cents"]),
        "currency": row["currency"],
    }


def refund(
    database: Database, order_id: str, amount: str, currency: str, reason: str | None, key: str | None
) -> Refund:
    arguments: dict[str, str | None] = {"order_id": order_id, "cents": str(to_cents(amount)), "currency": currency}
    with database.effect() as db:
        return once(db, key, "refund_order", arguments, lambda: _refund(db, order_id, amount, currency, reason, key))


def find_refund(database: Database, order_id: str) -> FoundRefund:
    with database.statements() as db:
        row = db.execute("SELECT * FROM refunds WHERE order_id = ?", (order_id,)).fetchone()
    if row is None:
        return {"found": False, "order_id": order_id}
    return {
        "found": True,
        "refund_id": f"R{row['refund_id']}",
        "order_id": order_id,
        "amount": to_text(row["amount_cents"]),
        "currency": row["currency"],
        "refunded_at": row["committed_at"],
    }


def _refund(
    db: sqlite3.Connection, order_id: str, amount: str, currency: str, reason: str | None, key: str | None
) -> Refund:
    row = _order(db, order_id)
    if row is None:
        return cast(Refund, _unknown_order(order_id))
    if db.execute("SELECT 1 FROM refunds WHERE order_id = ?", (order_id,)).fetchone() is not None:
        return cast(Refund, no("already_refunded", f"Order {order_id} was refunded before."))
    cents, paid = to_cents(amount), row["amount_cents"]
    if currency != row["currency"]:
        return cast(Refund, no("wrong_currency", f"Order {order_id} was paid in {row['currency']}."))
    if not 0 < cents <= paid:
        limit = f"{to_text(paid)} {row['currency']}"
        return cast(Refund, no("wrong_amount", f"Order {order_id} cost {limit}: only that or a part can be refunded."))
    status = "refunded" if cents == paid else "partly refunded"
    done = db.execute(
        "INSERT INTO refunds (order_id, amount_cents, currency, reason, key, committed_at) VALUES (?, ?, ?, ?, ?, ?)",
        (order_id, cents, currency, reason, key, now()),
    )
    db.execute("UPDATE orders SET status = ? WHERE order_id = ?", (status, order_id))
    return {
        "refund_id": f"R{done.lastrowid}",
        "order_id": order_id,
        "item": row["item"],
        "amount": to_text(cents),
        "currency": currency,
        "status": status,
        "repeated": False,
    }


def _order(db: sqlite3.Connection, order_id: str) -> sqlite3.Row | None:
    row = db.execute("SELECT * FROM orders WHERE order_id = ?", (order_id,)).fetchone()
    return cast("sqlite3.Row | None", row)


def _unknown_order(order_id: str) -> Order:
    return cast(Order, no("not_found", f"There is no order {order_id}."))


def _stem(word: str) -> str:
    return word.removesuffix("s")
