"""Deliveries that expire or go to a webhook; the last summary of a subject is found by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_INDEX = "ix_artifacts_subject_id_kind_created_at"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("deliveries", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("deliveries", sa.Column("webhook", sa.Text(), nullable=True))
    op.create_index(_INDEX, "artifacts", ["subject_id", "kind", "created_at"])


def downgrade() -> None:
    op.drop_index(_INDEX, "artifacts")
    with op.batch_alter_table("deliveries") as table:
        for name in ("webhook", "reason", "expires_at"):
            table.drop_column(name)
