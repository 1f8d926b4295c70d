"""Verifying the audit trail: the chains, their heads and their signed checkpoints."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine, text

from store.audit_keys import AuditKeys, verify_signature
from store.chain import GENESIS, digest_of, hash_of, opening
from store.columns import PlainText
from store.engine import reading, streamed
from store.sealed import ERASED, Tampered, key_id_of
from store.sealing import read_seals
from store.vault import Vault, vault_of

_plain = PlainText()


@dataclass(frozen=True)
class Broken:
    """Where the trail breaks first. `place` is `SESSION entry N`, `seal N` or `content DIGEST`."""

    place: str
    reason: str
    session_id: str | None = None
    sequence: int | None = None


@dataclass(frozen=True)
class AuditReport:
    """What was verified, up to the break if there is one. `unsealed` entries came after the last signed checkpoint:
    against someone who can write the whole database, nothing protects them yet."""

    sessions: int
    entries: int
    seals: int = 0
    unsealed: int = 0
    contents: int = 0
    broken: Broken | None = None

    @property
    def intact(self) -> bool:
        return self.broken is None


@dataclass
class _Found:
    """What was verified so far, and the ends that must be reached."""

    sealed: dict[str, tuple[int, str]] = field(default_factory=dict)
    seals: int = 0
    sessions: int = 0
    entries: int = 0
    unsealed: int = 0
    contents: int = 0

    def report(self, broken: Broken | None = None) -> AuditReport:
        return AuditReport(self.sessions, self.entries, self.seals, self.unsealed, self.contents, broken)


def verify(
    engine: Engine, session_id: str | None = None, *, keys: AuditKeys | None = None, contents: bool = True
) -> AuditReport:
    """Recomputes the chain of one session, or of all, and answers with the first break, if any.

    An edited, deleted, inserted or moved entry is found, also at the end. With `keys` the signed checkpoints are
    verified too: then it is found as well when whole chains are gone or computed anew, up to the last checkpoint, and
    when this machine's newest checkpoint is missing. With `contents` what is still kept beside the chain is compared
    with its digest.
    """
    found = _Found()
    with reading(engine) as connection:
        broken = _seals(connection, found, keys, str(engine.url)) if keys is not None else None
        broken = broken or _chains(connection, found, session_id)
        broken = broken or (_contents(connection, found, session_id, vault_of(engine)) if contents else None)
    return found.report(broken)


def _seals(connection: Connection, found: _Found, keys: AuditKeys, database: str) -> Broken | None:
    prev, anchor = GENESIS, keys.anchor(database)
    for number, sealed in enumerate(read_seals(connection), 1):
        place = f"seal {number}"
        try:
            stated = sealed.read()
            heads = {name: (int(sequence), str(end)) for name, (sequence, end) in stated["heads"].items()}
            key, follows = str(stated["key"]), (stated["number"], stated["prev"])
        except (ValueError, KeyError, TypeError, AttributeError):
            return Broken(place, "the signed checkpoint is unreadable")
        if key not in keys.public:
            return Broken(place, f"it is signed by the key {key}, whose public key is not in {keys.folder}")
        if not verify_signature(keys.public[key], sealed.statement, sealed.signature):
            return Broken(place, "its signature is wrong")
        if (sealed.number, *follows) != (number, number, prev):
            return Broken(place, "it does not follow the signed checkpoint before it: one is missing or was moved")
        prev = hash_of(sealed.statement)
        if anchor is not None and anchor.number == number and anchor.hash != prev:
            return Broken(place, "it is not the signed checkpoint that this machine made")
        for name, (sequence, end) in heads.items():
            if sequence < found.sealed.get(name, (0, ""))[0]:
                return Broken(place, f"it takes entries of {name} back")
            found.sealed[name] = (sequence, end)
        found.seals = number
    if anchor is not None and anchor.number > found.seals:
        return Broken(f"seal {found.seals + 1}", f"this machine made {anchor.number} signed checkpoints: they are gone")
    return None


def _chains(connection: Connection, found: _Found, session_id: str | None) -> Broken | None:
    only = "" if session_id is None else " WHERE session_id = :session"
    given = {} if session_id is None else {"session": _plain.process_bind_param(session_id, connection.dialect)}
    heads = {
        _read(row[0]): (row[1], row[2])
        for row in connection.execute(text(f"SELECT session_id, sequence, hash FROM audit_heads{only}"), given)
    }
    sealed = {n: s for n, s in found.sealed.items() if session_id is None or n == session_id}
    query = f"SELECT session_id, sequence, entry_id, line, hash FROM audit_entries{only} ORDER BY session_id, sequence"
    name: str | None = None
    sequence, last = 0, GENESIS
    at_seal: tuple[int, str] | None = None
    for stored, number, entry, line, end in streamed(connection, query, given):
        session = _read(stored)
        if session != name:
            if name is not None and (broken := _end(found, name, sequence, last, heads.pop(name, None))) is not None:
                return broken
            name, sequence, last = session, 0, GENESIS
            at_seal = sealed.pop(session, None)
        if number != sequence + 1:
            reason = f"entry {sequence + 1} is missing: {number} follows"
            return _broken(session, sequence + 1, reason)
        if not line.startswith(opening(last, session, number, _read(entry))):
            return _broken(session, number, "the entry does not follow the one before it, or was changed")
        if not line.isascii() or (computed := hash_of(line)) != end:
            return _broken(session, number, "the entry was changed: its hash does not match")
        sequence, last = number, computed
        found.entries += 1
        if at_seal is not None and at_seal[0] == sequence and at_seal[1] != last:
            return _broken(session, sequence, "the entry is not the one that was sealed")
    if name is not None and (broken := _end(found, name, sequence, last, heads.pop(name, None))) is not None:
        return broken
    for name, (sequence, _) in {**heads, **sealed}.items():
        if sequence:
            return _broken(name, 1, f"the whole chain of {sequence} entries is gone")
    return None


def _end(found: _Found, name: str, sequence: int, last: str, head: tuple[int, str] | None) -> Broken | None:
    if head is None:
        return _broken(name, sequence, "the head of the chain is gone")
    if head != (sequence, last):
        reason = f"the chain ends at entry {sequence}, its head says {head[0]} (or another hash)"
        return _broken(name, sequence + 1, reason)
    sealed = found.sealed.get(name, (0, ""))[0]
    if sealed > sequence:
        return _broken(name, sequence + 1, f"the chain ends at entry {sequence}, {sealed} were sealed")
    found.sessions += 1
    found.unsealed += sequence - sealed
    return None


def _contents(connection: Connection, found: _Found, session_id: str | None, vault: Vault | None) -> Broken | None:
    only = "" if session_id is None else " WHERE session_id = :session"
    given = {} if session_id is None else {"session": _plain.process_bind_param(session_id, connection.dialect)}
    query = f"SELECT digest, content_subject_id, content_body FROM audit_contents{only}"
    for digest, subject_id, kept in streamed(connection, query, given):
        body = _read(kept)
        changed = Broken(f"content {digest[:12]}", "what an entry was about was changed")
        if key_id_of(body) is not None:
            # Without the keys, or when they were destroyed, there is nothing to compare.
            try:
                body = ERASED if vault is None else vault.open(_read(subject_id), body)
            except Tampered:
                return changed
        if body == ERASED:
            continue
        if digest_of(body) != digest:
            return changed
        found.contents += 1
    return None


def _read(value: str) -> str:
    return value if "\x1a" not in value else str(_plain.process_result_value(value, None))  # type: ignore[arg-type]


def _broken(session_id: str, sequence: int, reason: str) -> Broken:
    return Broken(f"{session_id} entry {sequence}", reason, session_id, sequence)
