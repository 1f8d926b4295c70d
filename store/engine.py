"""Opening the database, and the two kinds of transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from store.errors import MIGRATE, StoreError, StoreNotMigrated, explain
from store.tables import SCHEMA_REVISION

LOCK_TIMEOUT_SECONDS = 5.0
CONNECT_TIMEOUT_SECONDS = 5
_ROWS_AT_ONCE = 5000
_WRITES = "greenroom_writes"
_POSTGRESQL_SETTINGS = {
    "timezone": "UTC",
    # A writer that was stopped in mid-transaction may not hold a session's chain for ever.
    "idle_in_transaction_session_timeout": "15000",
}


def open_engine(url: str, *, verify: bool = True, lock_timeout: float = LOCK_TIMEOUT_SECONDS) -> Engine:
    """The engine for `url` (`sqlite:///file` or `postgresql://...`), safe to share between threads, not across a fork.

    `lock_timeout` (seconds) is how long a statement waits for another process's lock before it is a StoreBusy. With
    `verify` the database is reached now and its revision compared: raises StoreUnreachable, StoreBusy or
    StoreNotMigrated, each naming the fix. Raises StoreError for a URL that cannot work. Close it with `dispose()`.
    """
    parsed = parse_url(url)
    try:
        engine = _create(parsed, lock_timeout)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError(
            f"no driver for {parsed.drivername} ({error}): install the extra `postgres` (uv sync --extra postgres)"
        ) from error
    if verify:
        try:
            verify_revision(engine)
        except BaseException:
            engine.dispose()
            raise
    return engine


def parse_url(url: str) -> URL:
    """`url` with its driver settled. Raises StoreError that does not repeat the URL, which may hold a password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError(
            "GREENROOM_DATABASE_URL is no database URL: give sqlite:///path/to/file.db or "
            "postgresql://user:password@host/database"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise StoreError("an in-memory SQLite database is not shared between threads: name a file, sqlite:///x.db")
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(f"the records are kept on SQLite or PostgreSQL, not {backend}: correct GREENROOM_DATABASE_URL")


def verify_revision(engine: Engine) -> None:
    """Raises StoreNotMigrated if the database's revision is not this program's."""
    found = read_revision(engine)
    if found != SCHEMA_REVISION:
        state = "not migrated" if found is None else f"at revision {found}, this program needs {SCHEMA_REVISION}"
        raise StoreNotMigrated(
            f"the database {engine.url.render_as_string(hide_password=True)} is {state}: {MIGRATE}, "
            "or, if the database is the newer one, update the program"
        )


def read_revision(engine: Engine) -> str | None:
    """The revision that the database was migrated to; None for none. Does not create a missing SQLite file."""
    file = sqlite_file(engine)
    if file is not None and not file.exists():
        return None
    with reading(engine) as connection:
        if not engine.dialect.has_table(connection, "alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if found is None else str(found)


def sqlite_file(engine: Engine) -> Path | None:
    """The file of a SQLite engine; None for PostgreSQL, and for a `file:` URI, which SQLite alone understands."""
    name = engine.url.database or ""
    return Path(name) if engine.dialect.name == "sqlite" and not name.startswith("file:") else None


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that sees one moment of the whole database. Raises StoreError kinds."""
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with _explained(), engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: all of it or nothing. On SQLite it is the only writer from its begin on.

    Raises StoreError kinds; after a RetryableStoreError from the commit itself it may have been written.
    """
    # preserve_rowcount: without it an INSERT's count is lost on PostgreSQL, and it tells whether a row was there.
    options: dict[str, Any] = {_WRITES: True, "preserve_rowcount": True}
    with _explained(), engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def streamed(connection: Connection, query: str, given: Mapping[str, Any]) -> Iterator[Any]:
    """The rows of an answer that may be larger than memory."""
    for rows in connection.execution_options(stream_results=True).execute(text(query), given).partitions(_ROWS_AT_ONCE):
        yield from rows


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        # The original is cut off on purpose: PostgreSQL's detail line repeats the row, which is what people said.
        raise explain(error) from None


def _create(url: URL, lock_timeout: float) -> Engine:
    if url.get_backend_name() == "sqlite":
        # hide_parameters: a statement's parameters are what people said, and errors reach logs.
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": lock_timeout})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    defaults = _POSTGRESQL_SETTINGS | {"lock_timeout": f"{lock_timeout * 1000:.0f}"}
    settings = " ".join(f"-c {name}={value}" for name, value in defaults.items())
    given = url.query.get("options", "")
    connect_args = {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "application_name": "greenroom",
        # What the URL says comes last and wins.
        "options": f"{settings} {given if isinstance(given, str) else ' '.join(given)}".strip(),
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
    }
    return create_engine(
        url, hide_parameters=True, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args=connect_args
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own implicit transactions are switched off: `_begin_sqlite` begins them.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA foreign_keys = ON")
        # Asked first: setting it needs the whole database, being asked does not.
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            cursor.execute("PRAGMA journal_mode = WAL")
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE: a writer waits for its turn here; one that began as reader could only fail when it comes to write.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
