"""People who sign in to the console, the links that let them in first, and who may decide about an approval."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_FILLED = {"risk": "''", "deciders": "'[]'"}


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_people"),
    )
    op.create_table(
        "invitations",
        sa.Column("token_digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_digest", name="pk_invitations"),
    )
    op.create_table(
        "console_keys",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_console_keys"),
    )
    with op.batch_alter_table("approvals") as table:
        table.add_column(sa.Column("risk", sa.Text(), nullable=True))
        table.add_column(sa.Column("deciders", sa.Text(), nullable=True))
        table.add_column(sa.Column("claimed_by", sa.Text(), nullable=True))
    op.execute("UPDATE approvals SET " + ", ".join(f"{name} = {value}" for name, value in _FILLED.items()))
    with op.batch_alter_table("approvals") as table:
        for name in _FILLED:
            table.alter_column(name, nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("approvals") as table:
        for name in (*_FILLED, "claimed_by"):
            table.drop_column(name)
    for name in ("console_keys", "invitations", "people"):
        op.drop_table(name)
