"""Signed checkpoints ("seals") of the audit chains.

A chain alone shows an edit, but whoever can write the database can cut its end off together with its head, or compute
it anew. A seal names the ends of all chains that grew since the seal before it, and that seal's hash; it is signed with
a key that is not in the database.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from store.audit_keys import ANCHORS, Anchor, AuditKeys
from store.audit_tables import audit_heads, audit_seals
from store.chain import GENESIS, hash_of
from store.columns import canonical_json
from store.engine import reading, writing
from store.errors import StoreDamaged
from store.statements import insert_or_ignore

MOST_HEADS = 2000
"""Chains that one seal names."""


@dataclass(frozen=True)
class Seal:
    """`statement` is canonical JSON: `number` (from 1), `prev`, `at`, `key`, and `heads`: session to [entry, hash]."""

    number: int
    statement: str
    signature: str

    def read(self) -> dict[str, Any]:
        """Raises ValueError for a statement that we did not write."""
        stated = json.loads(self.statement)
        if not isinstance(stated, dict) or canonical_json(stated) != self.statement:
            raise ValueError("not canonical")
        return stated


def seal(engine: Engine, keys: AuditKeys, at: datetime) -> int:
    """Seals all that is not sealed; answers how many chains that were. Nothing is written when all is sealed.

    Two processes that seal at once are harmless: one of them makes the seal, the other one finds nothing to do.
    Raises StoreError kinds; StoreDamaged for a database that lost seals which this machine made: a new one in their
    place would hide it.
    """
    sealed, done = 0, MOST_HEADS
    while done == MOST_HEADS:
        done = _seal(engine, keys, at)
        sealed += done
    return sealed


def _seal(engine: Engine, keys: AuditKeys, at: datetime) -> int:
    anchor = keys.anchor(str(engine.url))  # before the transaction, which sees whatever was sealed until now
    with reading(engine) as connection:  # asked first: a writer's turn is not taken for nothing
        if not _unsealed(connection):
            return 0
    with writing(engine) as connection:
        heads = _unsealed(connection)
        last = connection.execute(select(audit_seals).order_by(audit_seals.c.number.desc()).limit(1)).one_or_none()
        number = 1 if last is None else last.number + 1
        if anchor is not None and anchor.number >= number:
            raise StoreDamaged(
                f"this machine made {anchor.number} signed checkpoints, the database has {number - 1}: verify it and "
                f"restore the newest copy, or, if it was set back on purpose, remove its {ANCHORS} in {keys.folder}"
            )
        statement = canonical_json(
            {
                "number": number,
                "prev": GENESIS if last is None else hash_of(last.statement),
                "at": at.isoformat(timespec="microseconds"),
                "key": keys.key_id,
                "heads": heads,
            }
        )
        row = {"number": number, "statement": statement, "signature": keys.sign(statement)}
        if not heads or connection.execute(insert_or_ignore(connection, audit_seals), row).rowcount != 1:
            return 0
        for session_id, (sequence, _) in heads.items():
            head = audit_heads.c.session_id == session_id
            connection.execute(update(audit_heads).where(head).values(sealed=sequence))
    keys.keep_anchor(str(engine.url), Anchor(number=number, hash=hash_of(statement)))
    return len(heads)


def _unsealed(connection: Connection) -> dict[str, tuple[int, str]]:
    heads = audit_heads.c
    grown = select(heads.session_id, heads.sequence, heads.hash).where(heads.sequence > heads.sealed)
    rows = connection.execute(grown.order_by(heads.session_id).limit(MOST_HEADS))
    return {row.session_id: (row.sequence, row.hash) for row in rows}


def read_seals(connection: Connection) -> list[Seal]:
    """In their order."""
    rows = connection.execute(select(audit_seals).order_by(audit_seals.c.number))
    return [Seal(row.number, row.statement, row.signature) for row in rows]
