"""What reviewers have authority over, when they are away, and the effects that rules count."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("reviewers") as table:
        table.add_column(sa.Column("up_to", sa.Text(), nullable=False, server_default="{}"))
        table.add_column(sa.Column("absences", sa.Text(), nullable=False, server_default="[]"))
    op.create_table(
        "effects",
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("call_id", "composition", "tool", "subject_id")),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Double(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name="pk_effects"),
        sa.ForeignKeyConstraint(["subject_id"], ["subjects.subject_id"], name="fk_effects_subject_id_subjects"),
    )
    op.create_index("ix_effects_subject_id_tool_at", "effects", ["subject_id", "tool", "at"])


def downgrade() -> None:
    op.drop_table("effects")
    with op.batch_alter_table("reviewers") as table:
        table.drop_column("absences")
        table.drop_column("up_to")
