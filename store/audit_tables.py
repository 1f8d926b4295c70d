"""The tables of the audit trail. Part of the same metadata as the records' (`store/tables.py`)."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, Text

from store.columns import PlainText, content
from store.tables import metadata

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("session_id", PlainText, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("entry_id", PlainText, nullable=False),
    Column("line", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index(None, "entry_id", "session_id", unique=True),
    sqlite_with_rowid=False,  # in the order of the chains, as they are verified
)
"""`line` is the whole entry (see `store/chain.py`); the other columns find it, and are verified against it."""

audit_contents = Table(
    "audit_contents",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("session_id", PlainText, nullable=False),
    *content("content"),
    Index(None, "session_id"),
    Index(None, "content_subject_id"),
)
"""What entries were about. The body begins with its salt, so it is erased with it."""

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("session_id", PlainText, primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("hash", Text, nullable=False),
    Column("sealed", Integer, nullable=False),
)
"""The end of each session's chain. Its row is the lock that writers of the chain take, and shows a cut-off end.

`sealed` is the last entry that a signed checkpoint covers.
"""

audit_seals = Table(
    "audit_seals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("statement", Text, nullable=False),
    Column("signature", Text, nullable=False),
)
"""Signed checkpoints of the chains (see `store/sealing.py`)."""
