"""What else waits for a person: escalations of a call, checkpoints of a plan."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INDEXES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("escalations", ("stage", "opened_at")),
    ("escalations", ("session_id",)),
    ("checkpoints", ("stage", "opened_at")),
    ("checkpoints", ("task_id",)),
)


def _text(*names: str, optional: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=optional) for name in names]


def _content(*names: str, optional: bool = False) -> list[sa.Column[str]]:
    return _text(*(f"{name}_{part}" for name in names for part in ("subject_id", "body")), optional=optional)


def _reviewed(table: str, key: str, columns: list[sa.Column[str]]) -> None:
    """A table of something that waits for a decision."""
    decision: list[sa.Column] = [  # type: ignore[type-arg]
        *_text("stage"),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        *_text("reviewer", optional=True),
        *_content("note", optional=True),
    ]
    everything = [*_text(key), *columns, *decision]
    references = [
        sa.ForeignKeyConstraint([column.name], ["subjects.subject_id"], name=f"fk_{table}_{column.name}_subjects")
        for column in everything
        if column.name.endswith("subject_id")
    ]
    op.create_table(table, *everything, sa.PrimaryKeyConstraint(key, name=f"pk_{table}"), *references)


def upgrade() -> None:
    _reviewed(
        "escalations",
        "escalation_id",
        [
            *_text("session_id", "subject_id", "composition", "cause"),
            *_content("reason", "summary", "recommended"),
        ],
    )
    _reviewed(
        "checkpoints",
        "checkpoint_id",
        [
            *_text("task_id"),
            *_text("step_id", optional=True),
            *_text("session_id", "subject_id", "composition", "rule_id", "at", "why"),
            *_content("plan"),
            *_text("digest"),
        ],
    )
    for table, columns in _INDEXES:
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def downgrade() -> None:
    for table in ("checkpoints", "escalations"):
        op.drop_table(table)
