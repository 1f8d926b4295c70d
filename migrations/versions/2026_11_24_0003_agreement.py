"""Approvals: what a reviewer reads and may change, what was changed, and who approved it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_APPROVAL_CONTENTS = ("context_pack", "edited_action", "edited_arguments")
_FILLED = {"editable": "'[]'", "approvers": "1", "approved_by": "'[]'"}


def _subject(table: str, name: str) -> sa.Column[str]:
    reference = sa.ForeignKey("subjects.subject_id", name=f"fk_{table}_{name}_subject_id_subjects")
    return sa.Column(f"{name}_subject_id", sa.Text(), reference, nullable=True)


def _body(name: str) -> sa.Column[str]:
    return sa.Column(f"{name}_body", sa.Text(), nullable=True)


def upgrade() -> None:
    with op.batch_alter_table("approvals") as table:
        for name in _APPROVAL_CONTENTS:
            table.add_column(_subject("approvals", name))
            table.add_column(_body(name))
        table.add_column(sa.Column("edited_digest", sa.Text(), nullable=True))
        table.add_column(sa.Column("editable", sa.Text(), nullable=True))
        table.add_column(sa.Column("approvers", sa.Integer(), nullable=True))
        table.add_column(sa.Column("approved_by", sa.Text(), nullable=True))
    op.execute("UPDATE approvals SET " + ", ".join(f"{name} = {value}" for name, value in _FILLED.items()))
    with op.batch_alter_table("approvals") as table:
        for name in _FILLED:
            table.alter_column(name, nullable=False)
    with op.batch_alter_table("decisions") as table:
        table.add_column(_subject("decisions", "remark"))
        table.add_column(_body("remark"))


def downgrade() -> None:
    _drop("decisions", "remark")
    with op.batch_alter_table("approvals") as table:
        for name in (*_FILLED, "edited_digest"):
            table.drop_column(name)
    _drop("approvals", *_APPROVAL_CONTENTS)


def _drop(table_name: str, *contents: str) -> None:
    with op.batch_alter_table(table_name) as table:
        for name in contents:
            table.drop_constraint(f"fk_{table_name}_{name}_subject_id_subjects", type_="foreignkey")
            table.drop_column(f"{name}_subject_id")
            table.drop_column(f"{name}_body")
