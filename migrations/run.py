"""Running the migrations, each run in one transaction: all of it or nothing, on SQLite too."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, text

from store.engine import LOCK_TIMEOUT_SECONDS, open_engine, read_revision, sqlite_file, writing
from store.errors import StoreError

DEFAULT_URL = "sqlite:///.dev/greenroom.db"
DEFAULT_KEY_FILE = ".dev/master.key"
_LOCK = 0x67726E726D
"""Key of the PostgreSQL advisory lock that lets one migration run at a time."""

_OTHER_MIGRATION_SECONDS = 60.0
"""How long a migration waits for another one to end."""

_one_at_a_time = threading.Lock()
"""Alembic keeps the running migration in module globals."""


def default_url() -> str:
    return os.environ.get("GREENROOM_DATABASE_URL") or DEFAULT_URL


def default_key_file() -> Path:
    return Path(os.environ.get("GREENROOM_MASTER_KEY_FILE") or DEFAULT_KEY_FILE)


def upgrade(url: str | None = None, revision: str = "head") -> None:
    """Brings the database to `revision`, creating a SQLite file and its folder if missing. Raises StoreError kinds."""
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str | None, revision: str) -> None:
    """Takes the database back to `revision` (`base` drops every table, and what they hold). Raises StoreError kinds."""
    _run(url, lambda config: command.downgrade(config, revision))


def current(url: str | None = None) -> str | None:
    """The database's revision; None if it has none. Raises StoreError kinds."""
    engine = open_engine(url or default_url(), verify=False)
    try:
        return read_revision(engine)
    finally:
        engine.dispose()


def config_for(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _run(url: str | None, migrate: Callable[[Config], None]) -> None:
    engine = open_engine(url or default_url(), verify=False, lock_timeout=_OTHER_MIGRATION_SECONDS)
    try:
        file = sqlite_file(engine)
        if file is not None:
            _make_folder(file.parent)
        with _one_at_a_time, _exclusively(engine) as connection:
            try:
                migrate(config_for(connection))
            except CommandError as error:
                raise StoreError(
                    f"the migration cannot run: {error}. Name a revision that migrations/versions/ has; "
                    "a database of a newer program needs that program"
                ) from error
    finally:
        engine.dispose()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder of the database, {folder}, cannot be made ({error}): name another") from error


@contextmanager
def _exclusively(engine: Engine) -> Iterator[Connection]:
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            # Every query on a table queues behind a change of it that waits: rather give up than hold up the calls.
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS:.0f}s'"))
        yield connection
