"""Writing records."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table

from contracts.audit import AuditRecord
from contracts.base import Contract
from contracts.records import Record
from store import chain
from store.engine import writing
from store.errors import StoreError
from store.rows import TABLES, subjects_of, to_row
from store.statements import insert_or_ignore, insert_or_raise_revision
from store.tables import subjects
from store.vault import vault_of

_ORDER: tuple[Table, ...] = tuple(TABLES.values())


class RecordWriter:
    """Writes batches of records. One writer may be used by many threads at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(self, records: Sequence[Record]) -> int:
        """Writes all `records` in one transaction, or none; answers how many rows came new or rose in revision.

        Any batch may be sent again, in any order: a record whose revision is not higher than its row's changes nothing,
        nor does a turn, decision, artifact or audit entry whose id is there. Audit entries join their session's chain
        in the order of arrival.

        Raises RetryableStoreError (keep the batch, send it again) or StoreError (this batch can never be written).
        """
        if not records:
            return 0
        vault = vault_of(self._engine)
        entries: dict[str, list[AuditRecord]] = {}
        rows: dict[Table, list[dict[str, Any]]] = {}
        for record in records:
            if isinstance(record, AuditRecord):
                entries.setdefault(record.session_id, []).append(record)
            else:
                rows.setdefault(_table(record), []).append(to_row(record, vault))
        if vault is not None:
            vault.fetch({c.subject_id for lines in entries.values() for e in lines for c in e.exhibits.values()})
        # Every writer takes its locks in the same order - subjects, tables, keys, chains - so none waits in a circle.
        try:
            with writing(self._engine) as connection:
                named = set().union(*(subjects_of(row) for table_rows in rows.values() for row in table_rows))
                named |= {c.subject_id for lines in entries.values() for e in lines for c in e.exhibits.values()}
                _see_subjects(connection, named)
                changed = sum(_upsert(connection, table, rows[table]) for table in _ORDER if table in rows)
                for session_id in sorted(entries):
                    changed += chain.append(connection, session_id, entries[session_id], vault)
        except (ValueError, OverflowError) as error:
            raise StoreError(f"a value that no database holds (NaN, or a number too large): {error}") from error
        return changed


def _table(record: Contract) -> Table:
    return TABLES[type(record)]


def _see_subjects(connection: Connection, names: Iterable[str]) -> None:
    if rows := [{"subject_id": name} for name in sorted(names)]:
        connection.execute(insert_or_ignore(connection, subjects), rows)


def _upsert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    keys = [column.name for column in table.primary_key]
    revised = "revision" in table.c
    newest: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        if key not in newest or (revised and row["revision"] > newest[key]["revision"]):
            newest[key] = row
    statement = insert_or_raise_revision(connection, table) if revised else insert_or_ignore(connection, table)
    return sum(connection.execute(statement, newest[key]).rowcount for key in sorted(newest))
