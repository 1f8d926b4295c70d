"""The audit chain of a session: each entry names the hash of the entry before it.

An entry is kept as one line of JSON, written once and never built again, so that verifying is hashing. What an entry
was about is kept beside the chain, found by a digest in the entry. That digest is over 16 random bytes and the content,
and the random bytes are stored as part of the content: whoever erases the content (or the key that seals it) leaves a
digest that nobody can confirm a guess with. A plain digest of an order number or an amount would tell it to anyone who
tries all of them.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring_ascii
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from contracts.audit import AuditEntry, AuditRecord
from store.audit_tables import audit_contents, audit_entries, audit_heads
from store.columns import BODY, SUBJECT, canonical_json
from store.errors import StoreDamaged
from store.statements import insert_or_ignore
from store.vault import Vault

GENESIS = "0" * 64
"""What the first entry of a chain follows."""

SALT = 32
"""Characters before a content's own text: 16 random bytes in hex."""


def opening(prev: str, session_id: str, sequence: int, entry_id: str) -> str:
    """How the line of that entry begins."""
    session, entry = encode_basestring_ascii(session_id), encode_basestring_ascii(entry_id)
    return f'{{"prev":"{prev}","session":{session},"sequence":{sequence},"id":{entry},'


def line_of(entry: AuditRecord, *, prev: str, sequence: int, exhibits: Mapping[str, str]) -> str:
    """The entry as it is kept and exported: ASCII, no space, no line break. `exhibits`: name to digest."""
    covered = {
        "actor": entry.actor,
        "at": entry.at.isoformat(timespec="microseconds"),
        "event": entry.event.model_dump(mode="json", exclude_none=True, exclude={"v"}),
        "exhibits": dict(exhibits),
        "target": entry.target,
        "v": entry.v,
    }
    return opening(prev, entry.session_id, sequence, entry.entry_id) + canonical_json(covered)[1:]


def hash_of(line: str) -> str:
    """SHA-256 in hex: what the next entry names as `prev`."""
    return hashlib.sha256(line.encode("ascii")).hexdigest()


def read_line(line: str) -> AuditEntry:
    """The entry of a line. Raises ValueError for a line that no writer of ours made."""
    kept = json.loads(line)
    entry = {"entry_id": kept["id"], "session_id": kept["session"], "hash": hash_of(line)}
    return AuditEntry.model_validate({k: v for k, v in kept.items() if k not in ("id", "session")} | entry)


def digest_of(body: str) -> str:
    """The digest of a content as it is kept: salt and text."""
    return hashlib.sha256(body.encode()).hexdigest()


def append(connection: Connection, session_id: str, entries: Sequence[AuditRecord], vault: Vault | None = None) -> int:
    """Appends those `entries` of one session that are not in its chain yet, in this order; answers how many.

    Call it inside a writing transaction in which the subjects of the exhibits were seen; `vault` has fetched their
    keys. The head's row is locked to the end of it, so entries of concurrent writers follow one another, and an entry
    sent twice is found. Raises StoreDamaged if the chain was tampered with.
    """
    connection.execute(
        insert_or_ignore(connection, audit_heads),
        {"session_id": session_id, "sequence": 0, "hash": GENESIS, "sealed": 0},
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
        contents = _contents(entry, vault)
        digests = {name: content["digest"] for name, content in contents.items()}
        line = line_of(entry, prev=last_hash, sequence=sequence + 1, exhibits=digests)
        row = {"session_id": session_id, "sequence": sequence + 1, "entry_id": entry.entry_id, "line": line}
        row["hash"] = hash_of(line)
        try:
            added = connection.execute(statement, row).rowcount == 1
        except IntegrityError:
            raise StoreDamaged(
                f"the audit chain of session {session_id} goes on beyond its head at entry {sequence}: it was written "
                "another way. Verify the chain, find out by whom, and restore audit_entries from a copy"
            ) from None
        if added:
            sequence, last_hash = row["sequence"], row["hash"]
            if contents:
                connection.execute(insert(audit_contents), list(contents.values()))
    if sequence != first:
        connection.execute(
            update(audit_heads).where(audit_heads.c.session_id == session_id).values(sequence=sequence, hash=last_hash)
        )
    return int(sequence - first)


def _contents(entry: AuditRecord, vault: Vault | None) -> dict[str, dict[str, Any]]:
    """The rows of what an entry was about, by name."""
    rows: dict[str, dict[str, Any]] = {}
    for name, content in entry.exhibits.items():
        body = secrets.token_hex(SALT // 2) + content.body
        row = {"digest": digest_of(body), "session_id": entry.session_id}
        kept = body if vault is None else vault.seal(content.subject_id, body)
        rows[name] = row | {f"content{SUBJECT}": content.subject_id, f"content{BODY}": kept}
    return rows
