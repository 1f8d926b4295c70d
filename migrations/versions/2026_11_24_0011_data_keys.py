"""The wrapped data keys of subjects."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "data_keys",
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("master_id", sa.Text(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.subject_id"], name="fk_data_keys_subject_id_subjects"),
        sa.PrimaryKeyConstraint("subject_id", "generation", name="pk_data_keys"),
    )
    op.create_index("ix_data_keys_key_id", "data_keys", ["key_id"], unique=True)


def downgrade() -> None:
    op.drop_table("data_keys")
