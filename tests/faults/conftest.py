"""The stack that is broken here: like that of tests/system, with its records on PostgreSQL, or on SQLite."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
from rich.console import Console

for folder in ("system", "store"):
    sys.path.insert(0, str(Path(__file__).parents[1] / folder))

import system_fixtures  # noqa: E402
import system_stack  # noqa: E402
from fault_databases import Database, Postgres, Sqlite  # noqa: E402
from fault_table import FILE, Matrix  # noqa: E402
from postgres_server import PostgresMissing, PostgresServer  # noqa: E402
from system_fixtures import (  # noqa: E402, F401 (fixtures)
    backstage,
    reviewer,
    ring,
    settings,
    shop,
    speech,
    switches,
    temporal,
)

from workers.stack.stack import Stack  # noqa: E402

MATRIX = pytest.StashKey[Matrix]()
ORDERS = 240
"""A refund takes an order: enough for every cell, twice."""


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="greenroom-faults-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest, folder: Path) -> Iterator[Database]:
    """Where the stack keeps its records: `postgresql` or `sqlite`."""
    if request.param == "sqlite":
        database: Postgres | Sqlite = Sqlite(folder / "greenroom.db")
    else:
        try:
            database = Postgres(PostgresServer())
        except PostgresMissing as missing:
            pytest.fail(str(missing))
    yield database
    database.close()


@pytest.fixture(scope="session")
async def stack(database: Database) -> AsyncIterator[Stack]:
    """The whole stack, breakable, in place of the shared one."""
    data = Path(tempfile.mkdtemp(prefix="greenroom-", dir="/tmp"))  # short: Unix sockets live in it
    try:
        async with system_stack.start(data, orders=ORDERS, env={"GREENROOM_DATABASE_URL": database.url}) as running:
            yield running
    finally:
        shutil.rmtree(data)


@pytest.fixture
def matrix(request: pytest.FixtureRequest) -> Matrix:
    return request.config.stash[MATRIX]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[MATRIX] = Matrix()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Notes in the matrix how a cell ended; a failed one also reports what its calls went through."""
    report = yield from system_fixtures.pytest_runtest_makereport(item, call)
    callspec = getattr(item, "callspec", None)
    if callspec is not None and "victim" in callspec.params:
        cell = item.config.stash[MATRIX].cell(callspec.params["victim"], callspec.params["state"])
        if call.when == "setup":
            cell.begin()
        if call.when == "call":
            cell.ok = report.passed
        if call.excinfo is not None:
            cell.failed(str(call.excinfo.value))
    return report


def pytest_terminal_summary(config: pytest.Config) -> None:
    matrix = config.stash[MATRIX]
    if matrix.cells:
        matrix.print(Console(width=160))
        matrix.write(FILE)
