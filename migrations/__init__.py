"""Migrations of the records' tables."""

from migrations.run import current, downgrade, upgrade

__all__ = ["current", "downgrade", "upgrade"]
