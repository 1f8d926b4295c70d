"""Courtesy e-mails. Like many mail systems it takes no idempotency key: each call sends one."""

from __future__ import annotations

from typing import cast

from examples.shop.answers import Email, FoundEmail, no
from examples.shop.database import Database, now


def send(database: Database, order_id: str, text: str) -> Email:
    with database.effect() as db:
        if db.execute("SELECT 1 FROM orders WHERE order_id = ?", (order_id,)).fetchone() is None:
            return cast(Email, no("not_found", f"There is no order {order_id}."))
        sent = db.execute("INSERT INTO emails (order_id, text, committed_at) VALUES (?, ?, ?)", (order_id, text, now()))
    return {"email_id": f"E{sent.lastrowid}", "order_id": order_id, "status": "sent"}


def find(database: Database, order_id: str, text: str | None) -> FoundEmail:
    """The e-mails about an order, or only those with exactly that text."""
    query, values = "SELECT committed_at FROM emails WHERE order_id = ?", [order_id]
    if text is not None:
        query, values = query + " AND text = ?", [order_id, text]
    with database.statements() as db:
        rows = db.execute(query + " ORDER BY email_id DESC", values).fetchall()
    if not rows:
        return {"found": False, "order_id": order_id, "count": 0}
    return {"found": True, "order_id": order_id, "count": len(rows), "sent_at": rows[0]["committed_at"]}
