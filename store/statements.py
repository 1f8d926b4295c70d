"""Inserts that may meet their row: the same on SQLite and PostgreSQL."""

from __future__ import annotations

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_or_ignore(connection: Connection, table: Table, *key: str) -> Insert:
    """INSERT that does nothing if a row with this key is there. `key` defaults to the primary key."""
    columns = list(key) or [column.name for column in table.primary_key]
    return _insert(connection, table).on_conflict_do_nothing(index_elements=columns)


def insert_or_raise_revision(connection: Connection, table: Table) -> Insert:
    """INSERT that replaces a row of the same primary key if, and only if, its revision is lower."""
    statement = _insert(connection, table)
    keys = {column.name for column in table.primary_key}
    return statement.on_conflict_do_update(
        index_elements=sorted(keys),
        set_={column.name: statement.excluded[column.name] for column in table.columns if column.name not in keys},
        where=table.c.revision < statement.excluded.revision,
    )


def _insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)
