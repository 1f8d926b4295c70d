"""Alembic's entry: runs on the connection that `migrations.run` gives, or opens the configured database."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection
from sqlalchemy.types import TypeDecorator

import store.audit_tables
import store.people_tables
import store.vault_tables  # noqa: F401  its tables are part of the metadata
from migrations.run import default_url
from store.engine import open_engine, writing
from store.tables import metadata


def render_item(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Writes our column types as what the database holds: a migration must not change when the code does."""
    return f"sa.{item.impl_instance!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    _migrate(given)
else:
    engine = open_engine(default_url(), verify=False)
    try:
        with writing(engine) as connection:
            _migrate(connection)
    finally:
        engine.dispose()
