"""Column types that behave the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, DateTime, Dialect, ForeignKey, Text
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time to the microsecond, kept in UTC. A time without a zone is refused (ValueError)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time needs its zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PlainText(TypeDecorator[str]):
    """Any text, NUL included.

    PostgreSQL cannot hold NUL, and a tool or an attacker may send one; a record that could never be written would be
    tried for ever. So NUL and the escape character itself are written as two characters.
    """

    impl = Text
    cache_ok = True
    _ESCAPE = "\x1a"

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or ("\x00" not in value and self._ESCAPE not in value):
            return value
        return value.replace(self._ESCAPE, self._ESCAPE + "1").replace("\x00", self._ESCAPE + "0")

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or self._ESCAPE not in value:
            return value
        return value.replace(self._ESCAPE + "0", "\x00").replace(self._ESCAPE + "1", self._ESCAPE)


class CanonicalJson(TypeDecorator[Any]):
    """JSON as canonical text (sorted keys, no spaces), so that equal values have equal bytes on every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


def canonical_json(value: Any) -> str:
    """One text for one value. Raises ValueError for NaN and infinity, which JSON lacks."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


BODY = "_body"
SUBJECT = "_subject_id"


def content(name: str, *, optional: bool = False) -> tuple[Column[str], Column[str]]:
    """The pair of columns of one `Content`: `{name}_subject_id` says whose it is, `{name}_body` is what gets sealed.

    Each content names its own subject, since it may differ from the row's: a meeting has several in one row.
    """
    return (
        Column(f"{name}{SUBJECT}", PlainText, ForeignKey("subjects.subject_id"), nullable=optional),
        Column(f"{name}{BODY}", PlainText, nullable=optional),
    )
