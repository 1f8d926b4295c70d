"""What can go wrong with the database, each with its fix. No message holds a parameter or a row."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

MIGRATE = "run `make migrate` (python -m migrations upgrade)"
_CHECK_URL = "start the database, or correct GREENROOM_DATABASE_URL"

# SQLSTATE classes and codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
_BUSY_STATES = {"40001", "40P01", "55P03", "57014", "25P03", "25P04"}
_GONE_STATES = {"57P01", "57P02", "57P03", "57P04", "57P05", "3D000"}
_UNMIGRATED_STATES = {"42P01", "42703", "3F000"}
_LOCKED_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_FULL_CODES = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_DAMAGED_CODES = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class StoreError(Exception):
    """The store refused or failed; the message names the fix. Trying again unchanged fails again."""


class RetryableStoreError(StoreError):
    """The same call succeeds once the cause is gone (by itself, or by the named fix): keep the input, try again."""


class StoreBusy(RetryableStoreError):
    """Another process held the lock beyond the time-out, or the server gave the transaction up."""


class StoreUnreachable(RetryableStoreError):
    """No connection, or it broke. An interrupted write may have happened: writing again is harmless."""


class StoreNotMigrated(RetryableStoreError):
    """The tables are not those of this program."""


class StoreNotWritable(RetryableStoreError):
    """Read-only, or the disk is full."""


class StoreDamaged(RetryableStoreError):
    """The database file or the audit chain is broken: needs a person; nothing more is written until then."""


class StoreVersionError(RetryableStoreError):
    """A record of a newer contract than this program knows."""


def explain(error: SQLAlchemyError) -> StoreError:
    """The store's own error for `error`, without parameters, rows or the database's detail line."""
    if isinstance(error, PoolTimeoutError):
        return StoreBusy("every connection of this process is in use: fewer threads at once, or try again")
    if not isinstance(error, DBAPIError):
        return StoreError(f"the store was used wrongly ({type(error).__name__}): {error}")
    original = error.orig
    if isinstance(original, sqlite3.Error):
        return _explain_sqlite(original)
    return _explain_postgresql(error)


def _explain_sqlite(error: sqlite3.Error) -> StoreError:
    extended = getattr(error, "sqlite_errorcode", None)
    code = None if extended is None else extended & 0xFF
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    if code in _LOCKED_CODES:
        return StoreBusy(
            f"the SQLite database is locked ({name}): another process holds it for longer than the time-out. "
            "Try again; if it stays so, find the holder (fuser FILE) and end it, or use PostgreSQL"
        )
    if code in _FULL_CODES:
        return StoreNotWritable(f"the SQLite database cannot be written ({name}): free disk space and check the disk")
    if code == sqlite3.SQLITE_READONLY:
        return StoreNotWritable(
            f"the SQLite database is read-only ({name}): make the file and its folder writable for this user"
        )
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return StoreUnreachable(
            f"the SQLite file cannot be opened ({name}): check that its folder exists and its rights"
        )
    if code in _DAMAGED_CODES:
        return StoreDamaged(
            f"the file is no sound SQLite database ({name}): restore it from a copy, or name another file"
        )
    if code == sqlite3.SQLITE_ERROR and str(error).startswith(("no such table", "no such column", "table ")):
        return StoreNotMigrated(f"the database is not migrated ({error}): {MIGRATE}")
    # The text of a constraint names columns, never values.
    return StoreError(f"the SQLite database refused ({name}): {error}")


def _explain_postgresql(error: DBAPIError) -> StoreError:
    original = error.orig
    state: str = getattr(original, "sqlstate", None) or ""
    diagnostics = getattr(original, "diag", None)
    # The primary line alone: the detail line of a constraint repeats the row.
    said = getattr(diagnostics, "message_primary", None) or ""
    if state in _BUSY_STATES:
        return StoreBusy(f"PostgreSQL gave the transaction up ({state}: {said}): try again")
    if state in _UNMIGRATED_STATES:
        return StoreNotMigrated(f"the database is not migrated ({said}): {MIGRATE}")
    if state.startswith("53") and state != "53300":
        return StoreNotWritable(f"PostgreSQL has run out of disk or memory ({state}: {said}): free some")
    if state in {"25006", "42501"}:
        return StoreNotWritable(
            f"PostgreSQL does not let this user write here ({state}: {said}): "
            "connect to the primary, or grant the rights"
        )
    if state.startswith(("08", "28")) or state in _GONE_STATES or state == "53300":
        return StoreUnreachable(f"PostgreSQL does not take the connection ({state}: {said}): {_CHECK_URL}")
    if state.startswith("XX"):
        return StoreDamaged(f"PostgreSQL reports damage ({state}: {said}): restore from a copy")
    if not state and not isinstance(error, IntegrityError) and type(original).__name__ == "OperationalError":
        # No state: the client library's own words about the connection, which hold host and user alone.
        first_line = str(original).strip().splitlines()[0] if str(original).strip() else "connection lost"
        return StoreUnreachable(f"PostgreSQL is unreachable ({first_line}): {_CHECK_URL}")
    return StoreError(f"PostgreSQL refused ({state or type(original).__name__}: {said})")
