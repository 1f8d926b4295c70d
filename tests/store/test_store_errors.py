"""Each way in which a database fails has its own error that names the fix, and shows nothing that anybody said."""

from __future__ import annotations

import logging
import sqlite3
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import psycopg.errors
import pytest
from postgres_server import PostgresServer
from record_samples import audit, said, session, turn
from sqlalchemy import Engine, event, make_url, text
from sqlalchemy.exc import DBAPIError

import migrations
from contracts.records import TurnRecord
from store.engine import open_engine, writing
from store.errors import (
    RetryableStoreError,
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreNotMigrated,
    StoreNotWritable,
    StoreUnreachable,
    explain,
)
from store.reader import RecordReader
from store.writer import RecordWriter

PASSWORD = "".join(["ge", "heim"])
"""Put together, since a traceback shows the lines of the test."""


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    migrations.upgrade(url)
    return url


def raw(url: str) -> sqlite3.Connection:
    """Another program on the same file."""
    return sqlite3.connect(make_url(url).database or "", isolation_level=None, check_same_thread=False)


def test_sqlite_is_opened_for_many_processes_at_once(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    with engine.connect() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 5000}
    engine.dispose()


def test_a_lock_beyond_the_time_out_is_busy_and_reading_goes_on(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url, lock_timeout=0.2)
    holder = raw(sqlite_url)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreBusy, match="another process holds it"):
        RecordWriter(engine).write([session()])
    assert RecordReader(engine).sessions() == []
    holder.execute("COMMIT")
    assert RecordWriter(engine).write([session()]) == 1
    engine.dispose()
    holder.close()


def test_a_writer_waits_for_a_lock_that_is_let_go_in_time(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    holder = raw(sqlite_url)
    holder.execute("BEGIN EXCLUSIVE")
    waiting = threading.Event()
    event.listen(engine, "engine_connect", lambda _: waiting.set())
    changed: list[int] = []
    thread = threading.Thread(target=lambda: changed.append(RecordWriter(engine).write([session()])))
    thread.start()
    assert waiting.wait(5)
    assert not changed
    holder.execute("COMMIT")
    thread.join(5)
    assert changed == [1]
    engine.dispose()
    holder.close()


def test_a_file_that_another_program_keeps_for_itself_is_busy(sqlite_url: str) -> None:
    holder = raw(sqlite_url)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("PRAGMA user_version = 1")
    with pytest.raises(StoreBusy):
        open_engine(sqlite_url, lock_timeout=0.2)
    holder.close()


def test_a_full_disk_is_not_writable_and_the_batch_can_be_sent_again(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    event.listen(engine, "checkout", lambda connection, *_: connection.execute("PRAGMA max_page_count = 1"))
    large = turn(text=said("x" * 1_000_000))
    with pytest.raises(StoreNotWritable, match="free disk space"):
        RecordWriter(engine).write([session(), large])
    engine.dispose()
    engine = open_engine(sqlite_url)
    assert RecordReader(engine).session("session-1") is None
    assert RecordWriter(engine).write([session(), large]) == 2
    engine.dispose()


def test_a_read_only_file_is_not_writable(sqlite_url: str) -> None:
    engine = open_engine(f"sqlite:///file:{make_url(sqlite_url).database}?mode=ro&uri=true")
    assert RecordReader(engine).sessions() == []
    with pytest.raises(StoreNotWritable, match="read-only"):
        RecordWriter(engine).write([session()])
    engine.dispose()


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("no database at all, but a text of some length " * 40)
    with pytest.raises(StoreDamaged, match="restore it from a copy"):
        open_engine(f"sqlite:///{tmp_path / 'x.db'}")


def test_a_missing_file_is_not_migrated_and_stays_missing(tmp_path: Path) -> None:
    with pytest.raises(StoreNotMigrated, match="make migrate"):
        open_engine(f"sqlite:///{tmp_path / 'none.db'}")
    assert not (tmp_path / "none.db").exists()
    # Opened unverified, the first use says what is wrong.
    engine = open_engine(f"sqlite:///{tmp_path / 'none' / 'none.db'}", verify=False)
    with pytest.raises(StoreUnreachable, match="folder"):
        RecordReader(engine).sessions()


def test_an_empty_or_older_or_newer_database_is_not_migrated(empty_url: str) -> None:
    with pytest.raises(StoreNotMigrated, match="make migrate"):
        open_engine(empty_url)
    engine = open_engine(empty_url, verify=False)
    with pytest.raises(StoreNotMigrated, match="make migrate"):
        RecordWriter(engine).write([session()])
    with pytest.raises(StoreNotMigrated, match="make migrate"):
        RecordReader(engine).sessions()
    migrations.upgrade(empty_url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreNotMigrated, match=r"9999.*this program needs.*update the program"):
        open_engine(empty_url)
    engine.dispose()


@pytest.mark.parametrize("url", ["", "no url", "sqlite://", "sqlite:///:memory:", f"mysql://me:{PASSWORD}@host/db"])
def test_a_url_that_cannot_work_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(StoreError) as refusal:
        open_engine(url)
    assert not isinstance(refusal.value, RetryableStoreError)
    assert PASSWORD not in "".join(traceback.format_exception(refusal.value))


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "psycopg", None)
    with pytest.raises(StoreError, match="extra `postgres`"):
        open_engine("postgresql://me@127.0.0.1/db")


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(StoreUnreachable, match="start the database") as refusal:
        open_engine(f"postgresql://me:{PASSWORD}@127.0.0.1:1/db")
    assert PASSWORD not in "".join(traceback.format_exception(refusal.value))


def test_no_error_and_no_log_shows_what_was_said(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    said_once = turn(text=said("my number is 4711")).turn
    broken = TurnRecord.model_construct(turn=said_once.model_copy(update={"role": None}))
    with pytest.raises(StoreError) as refusal:
        RecordWriter(engine).write([broken])
    assert "role" in str(refusal.value)
    shown = "".join(traceback.format_exception(refusal.value)) + caplog.text
    assert "4711" not in shown


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.errors.DiskFull(), StoreNotWritable),
        (psycopg.errors.ReadOnlySqlTransaction(), StoreNotWritable),
        (psycopg.errors.InsufficientPrivilege(), StoreNotWritable),
        (psycopg.errors.SerializationFailure(), StoreBusy),
        (psycopg.errors.DeadlockDetected(), StoreBusy),
        (psycopg.errors.LockNotAvailable(), StoreBusy),
        (psycopg.errors.AdminShutdown(), StoreUnreachable),
        (psycopg.errors.CannotConnectNow(), StoreUnreachable),
        (psycopg.errors.TooManyConnections(), StoreUnreachable),
        (psycopg.errors.ConnectionFailure(), StoreUnreachable),
        (psycopg.errors.InvalidPassword(), StoreUnreachable),
        (psycopg.errors.UndefinedTable(), StoreNotMigrated),
        (psycopg.errors.UndefinedColumn(), StoreNotMigrated),
        (psycopg.errors.DataCorrupted(), StoreDamaged),
        (psycopg.errors.NotNullViolation(), StoreError),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.__name__,
)
def test_each_state_of_postgresql_has_its_kind(error: psycopg.Error, kind: type[StoreError]) -> None:
    assert type(explain(DBAPIError("SELECT 1", None, error))) is kind


@pytest.mark.stack
class TestPostgresql:
    @pytest.fixture
    def backend(self) -> str:
        return "postgresql"

    def test_what_the_url_says_wins_over_our_settings(self, database_url: str) -> None:
        engine = open_engine(f"{database_url}?options=-c%20lock_timeout%3D70")
        with engine.connect() as connection:
            found = {n: connection.execute(text(f"SHOW {n}")).scalar() for n in ("lock_timeout", "timezone")}
        assert found == {"lock_timeout": "70ms", "timezone": "UTC"}
        engine.dispose()

    def test_a_row_that_another_transaction_holds_is_busy(self, database_url: str, engine: Engine) -> None:
        RecordWriter(engine).write([audit("entry-1")])
        hasty = open_engine(database_url, lock_timeout=0.2)
        with writing(engine) as holder:
            holder.execute(text("SELECT * FROM audit_heads FOR UPDATE"))
            with pytest.raises(StoreBusy, match="55P03"):
                RecordWriter(hasty).write([audit("entry-2")])
        assert RecordWriter(hasty).write([audit("entry-2")]) == 1
        hasty.dispose()

    def test_a_read_only_server_is_not_writable(self, database_url: str) -> None:
        engine = open_engine(f"{database_url}?options=-c%20default_transaction_read_only%3Don")
        assert RecordReader(engine).sessions() == []
        with pytest.raises(StoreNotWritable, match="primary"):
            RecordWriter(engine).write([session()])
        engine.dispose()

    def test_a_database_that_does_not_exist_is_unreachable(self, database_url: str) -> None:
        other = make_url(database_url).set(database="nowhere").render_as_string(hide_password=False)
        with pytest.raises(StoreUnreachable, match="nowhere"):
            open_engine(other)

    def test_a_connection_that_is_cut_in_mid_transaction_is_unreachable(
        self, engine: Engine, open_another: Callable[[], Engine]
    ) -> None:
        with pytest.raises(StoreUnreachable), writing(engine) as connection:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
            with writing(open_another()) as executioner:
                executioner.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            connection.execute(text("SELECT 1"))
        assert RecordWriter(engine).write([session()]) == 1

    def test_the_same_engine_writes_again_after_the_server_died_and_came_back(self) -> None:
        server = PostgresServer()
        try:
            server.start()
            migrations.upgrade(server.url())
            engine = open_engine(server.url())
            writer, reader = RecordWriter(engine), RecordReader(engine)
            for number, end in enumerate((server.stop, server.kill), start=1):
                assert writer.write([session(revision=2 * number), audit(f"before-{number}")]) == 2
                end()
                with pytest.raises(StoreUnreachable, match="start the database"):
                    writer.write([session(revision=2 * number + 1)])
                with pytest.raises(StoreUnreachable):
                    reader.sessions()
                server.start()
                assert writer.write([session(revision=2 * number), session(revision=2 * number + 1)]) == 1
            assert [entry.entry_id for entry in reader.audit("session-1")] == ["before-1", "before-2"]
            engine.dispose()
        finally:
            server.close()
