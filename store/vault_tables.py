"""The table of the key vault. Part of the same metadata as the records' (`store/tables.py`)."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table

from store.columns import PlainText, UtcDateTime
from store.tables import metadata

data_keys = Table(
    "data_keys",
    metadata,
    Column("subject_id", PlainText, ForeignKey("subjects.subject_id"), primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("key_id", PlainText, nullable=False),
    Column("master_id", PlainText, nullable=False),
    Column("wrapped", LargeBinary, nullable=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("destroyed_at", UtcDateTime, nullable=True),
    Index(None, "key_id", unique=True),
)
"""A destroyed key's row stays, without the key: what it sealed is known to be erased rather than damaged."""
