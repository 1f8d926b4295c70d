"""Appointment slots: which are free, booking one, giving it back."""

from __future__ import annotations

import sqlite3
from typing import cast

from examples.shop.answers import Booking, Slots, no
from examples.shop.database import Database, now
from examples.shop.once import once


def free_slots(database: Database, day: str | None) -> Slots:
    """The free slots of a day of the week or a date, else of the next days."""
    query, values = "SELECT * FROM slots WHERE booked_for IS NULL", []
    if day is not None:
        query += " AND (lower(day) = ? OR date = ?)"
        values = [day.strip().lower(), day.strip()]
    with database.statements() as db:
        rows = db.execute(query + " ORDER BY date, time LIMIT 6", values).fetchall()
    return {
        "slots": [
            {"slot_id": row["slot_id"], "day": row["day"], "date": row["date"], "time": row["time"]} for row in rows
        ]
    }


def book(database: Database, slot_id: str, name: str, key: str | None) -> Booking:
    with database.effect() as db:
        return once(db, key, "book_slot", {"slot_id": slot_id, "name": name}, lambda: _book(db, slot_id, name, key))


def cancel(database: Database, slot_id: str, key: str | None) -> Booking:
    with database.effect() as db:
        return once(db, key, "cancel_slot", {"slot_id": slot_id}, lambda: _cancel(db, slot_id))


def _book(db: sqlite3.Connection, slot_id: str, name: str, key: str | None) -> Booking:
    slot = db.execute("SELECT * FROM slots WHERE slot_id = ?", (slot_id,)).fetchone()
    if slot is None:
        return _unknown_slot(slot_id)
    if slot["booked_for"] is not None:
        return cast(Booking, no("taken", f"Slot {slot_id} is taken."))
    db.execute("UPDATE slots SET booked_for = ? WHERE slot_id = ?", (name, slot_id))
    done = db.execute(
        "INSERT INTO bookings (slot_id, name, key, committed_at) VALUES (?, ?, ?, ?)", (slot_id, name, key, now())
    )
    return _booking(slot, f"B{done.lastrowid}", name, "booked")


def _cancel(db: sqlite3.Connection, slot_id: str) -> Booking:
    slot = db.execute("SELECT * FROM slots WHERE slot_id = ?", (slot_id,)).fetchone()
    if slot is None:
        return _unknown_slot(slot_id)
    booking = db.execute("SELECT * FROM bookings WHERE slot_id = ? AND cancelled_at IS NULL", (slot_id,)).fetchone()
    if booking is None:
        return cast(Booking, no("not_booked", f"Slot {slot_id} is not booked."))
    db.execute("UPDATE slots SET booked_for = NULL WHERE slot_id = ?", (slot_id,))
    db.execute("UPDATE bookings SET cancelled_at = ? WHERE booking_id = ?", (now(), booking["booking_id"]))
    return _booking(slot, f"B{booking['booking_id']}", booking["name"], "cancelled")


def _booking(slot: sqlite3.Row, booking_id: str, name: str, status: str) -> Booking:
    return {
        "booking_id": booking_id,
        "slot_id": slot["slot_id"],
        "day": slot["day"],
        "date": slot["date"],
        "time": slot["time"],
        "name": name,
        "status": status,
        "repeated": False,
    }


def _unknown_slot(slot_id: str) -> Booking:
    return cast(Booking, no("not_found", f"There is no slot {slot_id}."))
