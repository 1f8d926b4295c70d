"""Every test that asks for `database_url` or `engine` runs twice: on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from postgres_server import PostgresMissing, PostgresServer
from sqlalchemy import Engine, create_engine, make_url, text

import migrations
from store.engine import open_engine

PATIENCE = 60.0
"""Seconds that a writer waits for the others: on a busy machine eight of them take longer than a worker would."""


def _execute(admin_url: str, statement: str) -> None:
    engine = create_engine(make_url(admin_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()


@contextmanager
def _database(admin_url: str, template: str | None = None) -> Iterator[str]:
    name = f"greenroom_test_{uuid.uuid4().hex[:12]}"
    _execute(admin_url, f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}")
    try:
        yield make_url(admin_url).set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(admin_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server's administrative URL: the given one, or that of a server of this run. Fails if there is neither."""
    given = os.environ.get("GREENROOM_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    try:
        server = PostgresServer()
    except PostgresMissing as missing:
        pytest.fail(str(missing))
    try:
        server.start()
        yield server.url()
    finally:
        server.close()


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    """Name of a migrated database that others are copied from."""
    with _database(postgres_url) as url:
        migrations.upgrade(url)
        yield make_url(url).database or ""


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "greenroom.db"
    migrations.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.stack)])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def empty_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database that no migration has seen."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with _database(request.getfixturevalue("postgres_url")) as url:
            yield url


@pytest.fixture
def database_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated, empty database of this test alone."""
    if backend == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "greenroom.db")
        yield f"sqlite:///{tmp_path / 'greenroom.db'}"
    else:
        with _database(request.getfixturevalue("postgres_url"), request.getfixturevalue("postgres_template")) as url:
            yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = open_engine(database_url, lock_timeout=PATIENCE)
    yield engine
    engine.dispose()


@pytest.fixture
def open_another(database_url: str) -> Iterator[Callable[[], Engine]]:
    """Opens further engines on the same database, as other processes would."""
    opened: list[Engine] = []

    def open_one() -> Engine:
        opened.append(open_engine(database_url, lock_timeout=PATIENCE))
        return opened[-1]

    yield open_one
    for engine in opened:
        engine.dispose()
