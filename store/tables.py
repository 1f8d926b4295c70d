"""The tables of the records.

Rows refer to subjects by foreign key, and to nothing else: independent workflows write them, in any order, so a turn
can be here before its session. `revision` orders the versions of a row.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, MetaData, Table

from store.columns import CanonicalJson, PlainText, UtcDateTime, content

SCHEMA_REVISION = "0012"
"""The migration that these tables are the result of; `open_engine` compares the database with it."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, *, key: bool = False, optional: bool = False) -> Column[str]:
    return Column(name, PlainText, primary_key=key, nullable=optional)


def _time(name: str, *, optional: bool = False) -> Column:  # type: ignore[type-arg]
    return Column(name, UtcDateTime, nullable=optional)


def _waiting_for_a_person() -> tuple[Column[Any], ...]:
    """Where something stands that a person decides."""
    return (
        _text("stage"),
        _revision(),
        _time("opened_at"),
        _time("deadline"),
        _time("decided_at", optional=True),
        _text("reviewer", optional=True),
        *content("note", optional=True),
    )


def _revision() -> Column[int]:
    return Column("revision", BigInteger, nullable=False)


def _subject() -> Column[str]:
    return Column("subject_id", PlainText, ForeignKey("subjects.subject_id"), nullable=False)


subjects = Table("subjects", metadata, _text("subject_id", key=True))

reviewers = Table(
    "reviewers",
    metadata,
    _text("name", key=True),
    _text("display_name"),
    Column("groups", CanonicalJson, nullable=False),
    Column("capabilities", CanonicalJson, nullable=False),
    Column("up_to", CanonicalJson, nullable=False, server_default="{}"),
    Column("absences", CanonicalJson, nullable=False, server_default="[]"),
    Column("active", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    _text("session_id", key=True),
    _text("room"),
    _subject(),
    _text("composition"),
    _text("state"),
    _revision(),
    _time("opened_at"),
    _time("ended_at", optional=True),
    _text("end_reason", optional=True),
    Index(None, "opened_at", "session_id"),
    Index(None, "subject_id"),
)

turns = Table(
    "turns",
    metadata,
    _text("session_id", key=True),
    _text("turn_id", key=True),
    Column("epoch", Integer, nullable=False),
    _text("role"),
    _text("speaker"),
    *content("text"),
    _time("started_at"),
    _time("ended_at"),
    Column("interrupted", Boolean, nullable=False),
    Column("latency_ms", Double, nullable=True),
    Column("stages", CanonicalJson, nullable=True),
    Column("told", CanonicalJson, nullable=True),
    Index(None, "session_id", "started_at"),
)

tasks = Table(
    "tasks",
    metadata,
    _text("task_id", key=True),
    _text("session_id"),
    _subject(),
    _text("composition"),
    _text("stage"),
    _revision(),
    *content("goal"),
    *content("speech", optional=True),
    _time("requested_at"),
    _time("updated_at"),
    Index(None, "session_id"),
    Index(None, "subject_id"),
    Index(None, "requested_at"),
)

steps = Table(
    "steps",
    metadata,
    _text("task_id", key=True),
    _text("step_id", key=True),
    Column("position", BigInteger, nullable=False),
    _text("role"),
    *content("goal"),
    _text("status", optional=True),
    _revision(),
    *content("answer", optional=True),
    Column("depends_on", CanonicalJson, nullable=False),
    _time("updated_at"),
)

approvals = Table(
    "approvals",
    metadata,
    _text("approval_id", key=True),
    _text("task_id"),
    _text("step_id"),
    _text("session_id"),
    _subject(),
    _text("composition"),
    _text("tool"),
    _text("capability"),
    *content("action"),
    *content("arguments"),
    _text("digest"),
    _text("rule_id"),
    _text("why"),
    *content("context_pack", optional=True),
    Column("editable", CanonicalJson, nullable=False),
    Column("approvers", Integer, nullable=False),
    Column("approved_by", CanonicalJson, nullable=False),
    *content("edited_action", optional=True),
    *content("edited_arguments", optional=True),
    _text("edited_digest", optional=True),
    *content("asked", optional=True),
    _text("risk"),
    Column("deciders", CanonicalJson, nullable=False),
    _text("claimed_by", optional=True),
    *_waiting_for_a_person(),
    Index(None, "stage", "opened_at"),
    Index(None, "task_id"),
    Index(None, "session_id"),
)

escalations = Table(
    "escalations",
    metadata,
    _text("escalation_id", key=True),
    _text("session_id"),
    _subject(),
    _text("composition"),
    _text("cause"),
    *content("reason"),
    *content("summary"),
    *content("recommended"),
    *_waiting_for_a_person(),
    Index(None, "stage", "opened_at"),
    Index(None, "session_id"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    _text("checkpoint_id", key=True),
    _text("task_id"),
    _text("step_id", optional=True),
    _text("session_id"),
    _subject(),
    _text("composition"),
    _text("rule_id"),
    _text("at"),
    _text("why"),
    *content("plan"),
    _text("digest"),
    *_waiting_for_a_person(),
    Index(None, "stage", "opened_at"),
    Index(None, "task_id"),
)

decisions = Table(
    "decisions",
    metadata,
    _text("approval_id", key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    _text("reviewer"),
    _text("verdict"),
    Column("accepted", Boolean, nullable=False),
    _text("reason"),
    *content("remark", optional=True),
    _text("channel"),
    _time("at"),
)

grants = Table(
    "grants",
    metadata,
    _text("grant_id", key=True),
    *(_text(name) for name in ("composition", "tool", "capability", "session_id", "scope")),
    _subject(),
    *content("terms"),
    *(_text(name) for name in ("rule_id", "approval_id", "digest", "granted_by")),
    _time("granted_at"),
    _time("expires_at"),
    _revision(),
    _time("revoked_at", optional=True),
    _text("revoked_by", optional=True),
    Index(None, "subject_id", "tool"),
)

deliveries = Table(
    "deliveries",
    metadata,
    _text("delivery_id", key=True),
    _subject(),
    _text("session_id"),
    _text("task_id"),
    _text("topic"),
    _text("state"),
    _revision(),
    Column("attempts", Integer, nullable=False),
    *content("speech"),
    _text("heard_in", optional=True),
    _time("created_at"),
    _time("updated_at"),
    _time("expires_at", optional=True),
    _text("reason", optional=True),
    _text("webhook", optional=True),
    Index(None, "subject_id", "state"),
    Index(None, "session_id"),
)

artifacts = Table(
    "artifacts",
    metadata,
    _text("artifact_id", key=True),
    _text("session_id"),
    _subject(),
    _text("kind"),
    *content("body"),
    _time("created_at"),
    Index(None, "session_id", "created_at"),
    Index(None, "subject_id", "kind", "created_at"),
)

effects = Table(
    "effects",
    metadata,
    _text("call_id", key=True),
    *(_text(name) for name in ("composition", "tool", "session_id")),
    _subject(),
    Column("amount", Double, nullable=True),
    _time("at"),
    Index(None, "subject_id", "tool", "at"),
)
