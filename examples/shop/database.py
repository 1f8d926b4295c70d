"""The shop's own SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    order_id TEXT PRIMARY KEY, customer TEXT NOT NULL, item TEXT NOT NULL, amount_cents INTEGER NOT NULL,
    currency TEXT NOT NULL, status TEXT NOT NULL, delivered_on TEXT, expected_on TEXT,
    note TEXT);
CREATE TABLE IF NOT EXISTS stock (
    item TEXT PRIMARY KEY, in_stock INTEGER NOT NULL, price_cents INTEGER NOT NULL, currency TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS slots (
    slot_id TEXT PRIMARY KEY, day TEXT NOT NULL, date TEXT NOT NULL, time TEXT NOT NULL, booked_for TEXT);
CREATE TABLE IF NOT EXISTS refunds (
    refund_id INTEGER PRIMARY KEY, order_id TEXT NOT NULL UNIQUE REFERENCES orders, amount_cents INTEGER NOT NULL,
    currency TEXT NOT NULL, reason TEXT, key TEXT, committed_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bookings (
    booking_id INTEGER PRIMARY KEY, slot_id TEXT NOT NULL REFERENCES slots, name TEXT NOT NULL, key TEXT,
    committed_at TEXT NOT NULL, cancelled_at TEXT);
CREATE TABLE IF NOT EXISTS emails (
    email_id INTEGER PRIMARY KEY, order_id TEXT NOT NULL REFERENCES orders, text TEXT NOT NULL,
    committed_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, tool TEXT NOT NULL, arguments TEXT NOT NULL, answer TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    request_id INTEGER PRIMARY KEY, tool TEXT NOT NULL, key TEXT, received_at TEXT NOT NULL, committed_at TEXT,
    answered_at TEXT);
"""

current_request: ContextVar[int | None] = ContextVar("current_request", default=None)
"""The journal's number of the request that is being served: an effect stamps its time of commit there."""


def now() -> str:
    """The time in UTC, ISO 8601 with microseconds."""
    return datetime.now(UTC).isoformat()


class Database:
    """One SQLite file; each transaction has a connection of its own, so it may be used from any thread."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._connected() as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(SCHEMA)
            if "note" not in {row["name"] for row in connection.execute("PRAGMA table_info(orders)")}:
                connection.execute("ALTER TABLE orders ADD COLUMN note TEXT")  # a shop of before there were notes

    @contextmanager
    def statements(self) -> Iterator[sqlite3.Connection]:
        """No transaction: each statement stands for itself."""
        with self._connected() as connection:
            yield connection

    @contextmanager
    def effect(self) -> Iterator[sqlite3.Connection]:
        """A transaction that changes something: committed on leaving, undone by an exception."""
        with self._connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                before = connection.total_changes
                yield connection
                if connection.total_changes > before and current_request.get() is not None:
                    connection.execute(
                        "UPDATE requests SET committed_at = ? WHERE request_id = ?", (now(), current_request.get())
                    )
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=5)
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("PRAGMA synchronous=NORMAL")
            yield connection
        finally:
            connection.close()
