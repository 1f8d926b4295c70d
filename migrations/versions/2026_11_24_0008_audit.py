"""Audit: an entry is one line of JSON, what it was about is kept beside it, and the chains are sealed.

The lines of an earlier shape have other hashes and cannot be carried over into the new chain.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ENTRY = "ix_audit_entries_entry_id_session_id"


def upgrade() -> None:
    op.drop_table("audit_heads")
    op.drop_table("audit_entries")
    op.create_table(
        "audit_entries",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "sequence", name="pk_audit_entries"),
        sqlite_with_rowid=False,
    )
    op.create_index(_ENTRY, "audit_entries", ["entry_id", "session_id"], unique=True)
    op.create_table(
        "audit_contents",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("content_subject_id", sa.Text(), nullable=False),
        sa.Column("content_body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_audit_contents"),
        sa.ForeignKeyConstraint(
            ["content_subject_id"], ["subjects.subject_id"], name="fk_audit_contents_content_subject_id_subjects"
        ),
    )
    op.create_index("ix_audit_contents_session_id", "audit_contents", ["session_id"])
    op.create_index("ix_audit_contents_content_subject_id", "audit_contents", ["content_subject_id"])
    op.create_table(
        "audit_heads",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_audit_heads"),
    )
    op.create_table(
        "audit_seals",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_seals"),
    )


def downgrade() -> None:
    for table in ("audit_seals", "audit_heads", "audit_contents", "audit_entries"):
        op.drop_table(table)
    op.create_table(
        "audit_entries",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("entry_id", "actor", "action", "target", "detail")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("prev_hash", "hash")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("session_id", "sequence", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_session_id_entry_id", "audit_entries", ["session_id", "entry_id"], unique=True)
    op.create_table(
        "audit_heads",
        sa.Column("session_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_audit_heads"),
    )
