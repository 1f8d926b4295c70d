"""The audit chain of a session: each entry's hash covers the entry and the hash before it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from contracts.records import AuditRecord
from store.columns import canonical_json
from store.errors import StoreDamaged
from store.rows import to_row
from store.statements import insert_or_ignore
from store.tables import audit_entries, audit_heads

GENESIS = "0" * 64
"""What the first entry of a chain follows."""


def entry_hash(
    *,
    prev_hash: str,
    session_id: str,
    sequence: int,
    entry_id: str,
    at: datetime,
    actor: str,
    action: str,
    target: str,
    detail: dict[str, Any],
) -> str:
    """SHA-256 in hex over the canonical JSON of one entry. `sequence` counts from 1."""
    covered = {
        "prev_hash": prev_hash,
        "session_id": session_id,
        "sequence": sequence,
        "entry_id": entry_id,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": actor,
        "action": action,
        "target": target,
        "detail": detail,
    }
    return hashlib.sha256(canonical_json(covered).encode("ascii")).hexdigest()


def append(connection: Connection, session_id: str, entries: Sequence[AuditRecord]) -> int:
    """Appends those `entries` of one session that are not in its chain yet, in this order; answers how many.

    Call it inside a writing transaction. The head's row is locked to the end of it, so entries of concurrent writers
    follow one another, and an entry sent twice is found. Raises StoreDamaged if the chain was tampered with.
    """
    connection.execute(
        insert_or_ignore(connection, audit_heads),
        {"session_id": session_id, "sequence": 0, "hash": GENESIS},
    )
    # On SQLite the transaction is the lock and FOR UPDATE is left out.
    head = connection.execute(
        select(audit_heads.c.sequence, audit_heads.c.hash)
        .where(audit_heads.c.session_id == session_id)
        .with_for_update()
    ).one()
    first, sequence, last_hash = head.sequence, head.sequence, head.hash
    statement = insert_or_ignore(connection, audit_entries, "session_id", "entry_id")
    for entry in entries:
        row = to_row(entry) | {"sequence": sequence + 1, "prev_hash": last_hash}
        row["hash"] = entry_hash(**row)
        try:
            added = connection.execute(statement, row).rowcount == 1
        except IntegrityError:
            raise StoreDamaged(
                f"the audit chain of session {session_id} goes on beyond its head at entry {sequence}: it was written "
                "another way. Verify the chain, find out by whom, and restore audit_entries from a copy"
            ) from None
        if added:
            sequence, last_hash = row["sequence"], row["hash"]
    if sequence != first:
        connection.execute(
            update(audit_heads).where(audit_heads.c.session_id == session_id).values(sequence=sequence, hash=last_hash)
        )
    return int(sequence - first)
