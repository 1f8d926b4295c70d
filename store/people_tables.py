"""The tables of the people who sign in. Part of the same metadata as the records' (`store/tables.py`)."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Integer, Table

from store.columns import CanonicalJson, PlainText, UtcDateTime
from store.tables import metadata

people = Table(
    "people",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("display_name", PlainText, nullable=False),
    Column("roles", CanonicalJson, nullable=False),
    Column("reviewer", PlainText, nullable=True),
    Column("active", Boolean, nullable=False),
    Column("password_hash", PlainText, nullable=True),
    Column("generation", Integer, nullable=False),
)

invitations = Table(
    "invitations",
    metadata,
    Column("token_digest", PlainText, primary_key=True),
    Column("name", PlainText, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

console_keys = Table(
    "console_keys",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("secret", PlainText, nullable=False),
)
