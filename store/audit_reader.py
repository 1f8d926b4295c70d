"""Reading the audit trail. Reading does not verify: `store.audit.verify` does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Select, select

from contracts.audit import AuditEntry
from contracts.base import Content
from store import audit_tables
from store.chain import SALT, read_line
from store.engine import reading
from store.reader_base import Reader
from store.sealed import ERASED
from store.vault import vault_of


class AuditReader(Reader):
    def audit(self, session_id: str) -> list[AuditEntry]:
        """In the order of the chain. Reading does not verify: `store.audit.verify` does."""
        table = audit_tables.audit_entries
        query = select(table.c.line).where(table.c.session_id == session_id).order_by(table.c.sequence)
        return self._entries(query)

    def audit_entry(self, entry_id: str) -> AuditEntry | None:
        """The entry of that cause, in whichever session it is."""
        found = self._entries(
            select(audit_tables.audit_entries.c.line).where(audit_tables.audit_entries.c.entry_id == entry_id)
        )
        return found[0] if found else None

    def exhibits(self, digests: Iterable[str]) -> dict[str, Content]:
        """What entries were about, by digest. What was erased is missing."""
        table = audit_tables.audit_contents
        with reading(self._engine) as connection:
            rows = connection.execute(select(table).where(table.c.digest.in_(list(digests)))).mappings().all()
        return {row["digest"]: self._exhibit(row["content_subject_id"], row["content_body"]) for row in rows}

    def _exhibit(self, subject_id: str, body: str) -> Content:
        vault = vault_of(self._engine)
        opened = body if vault is None else vault.open(subject_id, body)
        return Content(subject_id=subject_id, body=opened if opened == ERASED else opened[SALT:])

    def _entries(self, query: Select[Any]) -> list[AuditEntry]:
        with reading(self._engine) as connection:
            return [read_line(line) for line in connection.execute(query).scalars()]
