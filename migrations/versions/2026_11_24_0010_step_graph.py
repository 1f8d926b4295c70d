"""Steps: which other steps one waits for, so that a plan can be drawn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("steps") as table:
        table.add_column(sa.Column("depends_on", sa.Text(), nullable=True))
    op.execute("UPDATE steps SET depends_on = '[]'")
    with op.batch_alter_table("steps") as table:
        table.alter_column("depends_on", nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("steps") as table:
        table.drop_column("depends_on")
