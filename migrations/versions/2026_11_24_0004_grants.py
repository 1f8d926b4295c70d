"""Grants: a reviewer's yes to further calls of the same kind."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _text(*names: str, optional: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=optional) for name in names]


def _times(*names: str, optional: bool = False) -> list[sa.Column]:  # type: ignore[type-arg]
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=optional) for name in names]


def upgrade() -> None:
    op.create_table(
        "grants",
        *_text("grant_id", "composition", "tool", "capability", "subject_id", "session_id", "scope"),
        *_text("terms_subject_id", "terms_body", "rule_id", "approval_id", "digest", "granted_by"),
        *_times("granted_at", "expires_at"),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        *_times("revoked_at", optional=True),
        *_text("revoked_by", optional=True),
        sa.PrimaryKeyConstraint("grant_id", name="pk_grants"),
        *(
            sa.ForeignKeyConstraint([name], ["subjects.subject_id"], name=f"fk_grants_{name}_subjects")
            for name in ("subject_id", "terms_subject_id")
        ),
    )
    op.create_index("ix_grants_subject_id_tool", "grants", ["subject_id", "tool"])


def downgrade() -> None:
    op.drop_table("grants")
