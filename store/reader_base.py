"""What every reader of records does: rows come back as the contracts that they were."""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Engine, Select, select

from contracts.base import Contract
from store.engine import reading
from store.rows import TABLES, from_row
from store.vault import vault_of

C = TypeVar("C", bound=Contract)


class Reader:
    """Safe for many threads. Every method of a reader raises RetryableStoreError kinds when the database is away."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def _all(self, kind: type[C], query: Select[Any]) -> list[C]:
        with reading(self._engine) as connection:
            rows = connection.execute(query).mappings().all()
        vault = vault_of(self._engine)
        return [from_row(kind, row, vault) for row in rows]

    def _one(self, kind: type[C], key: ColumnElement[bool]) -> C | None:
        with reading(self._engine) as connection:
            row = connection.execute(select(TABLES[kind]).where(key)).mappings().one_or_none()
        return None if row is None else from_row(kind, row, vault_of(self._engine))


def matching(query: Select[Any], filters: dict[Any, str | None]) -> Select[Any]:
    for column, value in filters.items():
        if value is not None:
            query = query.where(column == str(value))
    return query
