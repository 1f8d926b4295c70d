"""Approvals: what reviewers asked the caller, and what the caller said."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_REFERENCE = "fk_approvals_asked_subject_id_subjects"


def upgrade() -> None:
    with op.batch_alter_table("approvals") as table:
        reference = sa.ForeignKey("subjects.subject_id", name=_REFERENCE)
        table.add_column(sa.Column("asked_subject_id", sa.Text(), reference, nullable=True))
        table.add_column(sa.Column("asked_body", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("approvals") as table:
        table.drop_constraint(_REFERENCE, type_="foreignkey")
        table.drop_column("asked_subject_id")
        table.drop_column("asked_body")
