"""The shop's own records: what was asked of it and what it did. `python -m examples.shop.books --database FILE`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from examples.shop.database import Database
from examples.shop.money import to_text

Rows = list[dict[str, Any]]


def books(database: Database) -> dict[str, Rows]:
    """Refunds, bookings, e-mails and every request, oldest first. Times are ISO 8601 in UTC."""
    with database.statements() as db:
        read = {
            "refunds": db.execute("SELECT * FROM refunds ORDER BY refund_id").fetchall(),
            "bookings": db.execute("SELECT * FROM bookings ORDER BY booking_id").fetchall(),
            "emails": db.execute("SELECT * FROM emails ORDER BY email_id").fetchall(),
            "requests": db.execute("SELECT * FROM requests ORDER BY request_id").fetchall(),
        }
    return {name: [_told(dict(row)) for row in rows] for name, rows in read.items()}


def all_orders(database: Database) -> Rows:
    """Every order, as the tools would tell it and with its customer."""
    with database.statements() as db:
        rows = db.execute("SELECT * FROM orders ORDER BY order_id").fetchall()
    return [_told(dict(row)) for row in rows]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    if "amount_cents" in row:
        row["amount"] = to_text(row.pop("amount_cents"))
    return row


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples.shop.books", description="The shop's own records.")
    parser.add_argument("--database", type=Path, required=True, help="the shop's SQLite file")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    if not options.database.exists():
        parser.error(f"{options.database} does not exist: give the file that the shop was started with")
    read = books(Database(options.database))
    if options.json:
        print(json.dumps(read, indent=2))
        return
    for name, rows in read.items():
        print(f"{name}: {len(rows)}")
        for row in rows:
            print("  " + "  ".join(f"{field}={value}" for field, value in row.items() if value is not None))


if __name__ == "__main__":
    main()
