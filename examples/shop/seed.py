"""Draws the shop's orders, stock and appointment slots from a number: the same number, the same shop."""

from __future__ import annotations

import random
import sqlite3
from datetime import date, timedelta

from examples.shop.database import Database

# Prices in cents.
ITEMS = {
    "coffee machine": 24000,
    "desk lamp": 4550,
    "headphones": 12900,
    "electric kettle": 3990,
    "toaster": 5200,
    "backpack": 8400,
    "office chair": 31000,
    "vacuum cleaner": 18750,
    "rain jacket": 9900,
    "camping tent": 16500,
    "microwave": 11800,
    "radio": 7425,
}
CUSTOMERS = ("Maria Lopez", "Jonas Weber", "Aisha Khan", "Tom Baker", "Emma Rossi", "Daniel Novak")
CURRENCY = "EUR"
# 999 is never drawn, so that there is always a number of three digits which no order has.
ORDER_NUMBERS = range(100, 990)


class OtherSeedError(Exception):
    """The file holds a shop that was drawn from another number."""


def draw(database: Database, seed: int, today: date, orders: int = 24) -> None:
    """Fill an empty shop. One that was drawn from the same seed keeps what happened in it.

    Raises OtherSeedError for a file drawn from another seed.
    """
    with database.effect() as db:
        row = db.execute("SELECT value FROM facts WHERE name = 'seed'").fetchone()
        if row is not None:
            if row["value"] != str(seed):
                raise OtherSeedError(
                    f"{database.path} holds a shop drawn from seed {row['value']}, not {seed}: "
                    f"give --seed {row['value']}, or another --database, or delete the file"
                )
            return
        db.execute("INSERT INTO facts VALUES ('seed', ?)", (str(seed),))
        chance = random.Random(seed)
        _draw_orders(db, chance, today, orders)
        for item, price in ITEMS.items():
            in_stock = chance.choice((0, 0, 1, 3, 7, 12, 25))
            db.execute("INSERT INTO stock VALUES (?, ?, ?, ?)", (item, in_stock, price, CURRENCY))
        _draw_slots(db, chance, today)


def _draw_orders(db: sqlite3.Connection, chance: random.Random, today: date, count: int) -> None:
    numbers = chance.sample(ORDER_NUMBERS, count)
    for place, number in enumerate(numbers):
        item, price = chance.choice(tuple(ITEMS.items()))
        # The first half is delivered in any draw: most stories need such an order.
        status = "delivered" if place < count // 2 else chance.choice(("delivered", "shipped", "processing"))
        day = (today - timedelta(days=chance.randint(1, 20))).isoformat() if status == "delivered" else None
        expected = None if status == "delivered" else (today + timedelta(days=chance.randint(1, 5))).isoformat()
        customer = chance.choice(CUSTOMERS)
        db.execute(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (str(number), customer, item, price, CURRENCY, status, day, expected),
        )


def _draw_slots(db: sqlite3.Connection, chance: random.Random, today: date) -> None:
    slot_ids = iter(chance.sample(range(10, 100), 40))
    for ahead in range(1, 8):
        day = today + timedelta(days=ahead)
        if day.weekday() == 6:
            continue
        for hour in chance.sample(range(9, 18), 4):
            slot = (str(next(slot_ids)), day.strftime("%A"), day.isoformat(), f"{hour:02d}:00")
            db.execute("INSERT INTO slots VALUES (?, ?, ?, ?, NULL)", slot)
