"""Verifying the audit chains."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, RowMapping, Text, select, type_coerce

from store.chain import GENESIS, entry_hash
from store.columns import canonical_json
from store.engine import reading
from store.tables import audit_entries, audit_heads


@dataclass(frozen=True)
class BrokenEntry:
    """Where a chain breaks first. `sequence` counts from 1; `entry_id` is None where an entry is missing."""

    session_id: str
    sequence: int
    entry_id: str | None
    reason: str


@dataclass(frozen=True)
class AuditReport:
    """`entries` and `sessions` count what was verified, up to the break if there is one."""

    sessions: int
    entries: int
    broken: BrokenEntry | None = None

    @property
    def intact(self) -> bool:
        return self.broken is None


def verify(engine: Engine, session_id: str | None = None) -> AuditReport:
    """Recomputes the chain of one session, or of all, and answers with the first broken entry, if any.

    It finds an edited, deleted, inserted or moved entry, at the end too. It cannot find that a whole session's chain
    was removed together with its head, or that someone who can write the database computed a whole chain anew.
    """
    with reading(engine) as connection:
        names = [session_id] if session_id is not None else _sessions(connection)
        verified = 0
        for number, name in enumerate(names):
            count, broken = _verify_session(connection, name)
            verified += count
            if broken is not None:
                return AuditReport(sessions=number, entries=verified, broken=broken)
        return AuditReport(sessions=len(names), entries=verified)


def _sessions(connection: Connection) -> list[str]:
    query = select(audit_entries.c.session_id).union(select(audit_heads.c.session_id))
    return sorted(connection.execute(query).scalars())


def _verify_session(connection: Connection, session_id: str) -> tuple[int, BrokenEntry | None]:
    stored_detail = type_coerce(audit_entries.c.detail, Text).label("stored_detail")
    query = select(audit_entries, stored_detail).where(audit_entries.c.session_id == session_id)
    rows = iter(connection.execute(query.order_by(audit_entries.c.sequence)).mappings())
    last_hash, sequence = GENESIS, 0
    while True:
        try:
            row = next(rows, None)
        except ValueError as error:
            # A time or detail that no writer of ours wrote cannot even be read.
            return sequence, BrokenEntry(session_id, sequence + 1, None, f"the entry is unreadable: {error}")
        if row is None:
            break
        reason = _flaw(row, sequence + 1, last_hash)
        if reason is not None:
            return sequence, BrokenEntry(session_id, sequence + 1, row["entry_id"], reason)
        last_hash, sequence = row["hash"], sequence + 1
    query_head = select(audit_heads.c.sequence, audit_heads.c.hash).where(audit_heads.c.session_id == session_id)
    head = connection.execute(query_head).one_or_none()
    if head is None:
        missing = BrokenEntry(session_id, sequence, None, "the head of the chain is gone")
        return sequence, missing if sequence else None
    if tuple(head) != (sequence, last_hash):
        reason = f"the chain ends at entry {sequence}, its head says {head.sequence} (or another hash)"
        return sequence, BrokenEntry(session_id, sequence + 1, None, reason)
    return sequence, None


def _flaw(row: RowMapping, sequence: int, last_hash: str) -> str | None:
    if row["sequence"] != sequence:
        return f"entry {sequence} is missing: {row['sequence']} follows"
    if row["prev_hash"] != last_hash:
        return "the entry does not follow the one before it"
    covered = {name: value for name, value in row.items() if name not in ("hash", "stored_detail")}
    # Other bytes may read as the same JSON (a key twice): they were not written by us either.
    if row["hash"] != entry_hash(**covered) or row["stored_detail"] != canonical_json(row["detail"]):
        return "the entry was changed: its hash does not match"
    return None
