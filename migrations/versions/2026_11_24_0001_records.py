"""The records: sessions and what came of them, reviewers, and the audit chain."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INDEXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("sessions", ("opened_at", "session_id")),
    ("sessions", ("subject_id",)),
    ("turns", ("session_id", "started_at")),
    ("tasks", ("session_id",)),
    ("tasks", ("subject_id",)),
    ("tasks", ("requested_at",)),
    ("approvals", ("stage", "opened_at")),
    ("approvals", ("task_id",)),
    ("approvals", ("session_id",)),
    ("deliveries", ("subject_id", "state")),
    ("deliveries", ("session_id",)),
    ("artifacts", ("session_id", "created_at")),
)


def _text(*names: str, optional: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=optional) for name in names]


def _times(*names: str, optional: bool = False) -> list[sa.Column]:  # type: ignore[type-arg]
    return [sa.Column(name, sa.DateTime(timezone=True), nullable=optional) for name in names]


def _revision() -> sa.Column[int]:
    return sa.Column("revision", sa.BigInteger(), nullable=False)


def _content(*names: str, optional: bool = False) -> list[sa.Column[str]]:
    return _text(*(f"{name}_{part}" for name in names for part in ("subject_id", "body")), optional=optional)


def _table(name: str, *parts: sa.Column | list[sa.Column], key: tuple[str, ...]) -> None:  # type: ignore[type-arg]
    columns = [column for part in parts for column in (part if isinstance(part, list) else [part])]
    references = [
        sa.ForeignKeyConstraint([column.name], ["subjects.subject_id"], name=f"fk_{name}_{column.name}_subjects")
        for column in columns
        if name != "subjects" and column.name.endswith("subject_id")
    ]
    op.create_table(name, *columns, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"), *references)


def upgrade() -> None:
    _table("subjects", _text("subject_id"), key=("subject_id",))
    _table(
        "reviewers",
        _text("name", "display_name", "groups", "capabilities"),
        sa.Column("active", sa.Boolean(), nullable=False),
        key=("name",),
    )
    _table(
        "sessions",
        _text("session_id", "room", "subject_id", "composition", "state"),
        _revision(),
        _times("opened_at"),
        _times("ended_at", optional=True),
        _text("end_reason", optional=True),
        key=("session_id",),
    )
    _table(
        "turns",
        _text("session_id", "turn_id", "role", "speaker"),
        sa.Column("epoch", sa.Integer(), nullable=False),
        _content("text"),
        _times("started_at", "ended_at"),
        sa.Column("interrupted", sa.Boolean(), nullable=False),
        sa.Column("latency_ms", sa.Double(), nullable=True),
        key=("session_id", "turn_id"),
    )
    _table(
        "tasks",
        _text("task_id", "session_id", "subject_id", "composition", "stage"),
        _revision(),
        _content("goal"),
        _content("speech", optional=True),
        _times("requested_at", "updated_at"),
        key=("task_id",),
    )
    _table(
        "steps",
        _text("task_id", "step_id"),
        [sa.Column("position", sa.BigInteger(), nullable=False)],
        _text("role"),
        _content("goal"),
        _text("status", optional=True),
        _revision(),
        _content("answer", optional=True),
        _times("updated_at"),
        key=("task_id", "step_id"),
    )
    _table(
        "approvals",
        _text("approval_id", "task_id", "step_id", "session_id", "subject_id", "composition", "tool", "capability"),
        _content("action", "arguments"),
        _text("digest", "rule_id", "why", "stage"),
        _revision(),
        _times("opened_at", "deadline"),
        _times("decided_at", optional=True),
        _text("reviewer", optional=True),
        _content("note", optional=True),
        key=("approval_id",),
    )
    _table(
        "decisions",
        _text("approval_id"),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        _text("reviewer", "verdict", "reason", "channel"),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        _times("at"),
        key=("approval_id", "number"),
    )
    _table(
        "deliveries",
        _text("delivery_id", "subject_id", "session_id", "task_id", "topic", "state"),
        _revision(),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _content("speech"),
        _text("heard_in", optional=True),
        _times("created_at", "updated_at"),
        key=("delivery_id",),
    )
    _table(
        "artifacts",
        _text("artifact_id", "session_id", "subject_id", "kind"),
        _content("body"),
        _times("created_at"),
        key=("artifact_id",),
    )
    _table(
        "audit_entries",
        _text("session_id"),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        _text("entry_id", "actor", "action", "target", "detail", "prev_hash", "hash"),
        _times("at"),
        key=("session_id", "sequence"),
    )
    _table(
        "audit_heads",
        _text("session_id"),
        sa.Column("sequence", sa.Integer(), nullable=False),
        _text("hash"),
        key=("session_id",),
    )
    op.create_index("ix_audit_entries_session_id_entry_id", "audit_entries", ["session_id", "entry_id"], unique=True)
    for table, columns in _INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def downgrade() -> None:
    for table in (
        "audit_heads",
        "audit_entries",
        "artifacts",
        "deliveries",
        "decisions",
        "approvals",
        "steps",
        "tasks",
        "turns",
        "sessions",
        "reviewers",
        "subjects",
    ):
        op.drop_table(table)
