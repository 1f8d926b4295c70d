"""What is written is read back exactly, and every field has its column."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_samples import FULL, KINDS, any_record, artifact, session, task, turn
from sqlalchemy import Engine, delete

from contracts.audit import AuditRecord
from contracts.base import Content, Contract
from contracts.records import (
    ApprovalRecord,
    ArtifactRecord,
    CheckpointRecord,
    DecisionRecord,
    DeliveryRecord,
    EffectEntry,
    EscalationRecord,
    GrantRecord,
    Record,
    ReviewerRecord,
    SessionRecord,
    StepRecord,
    TaskRecord,
    TurnRecord,
)
from contracts.session import Turn
from store.audit_tables import audit_entries
from store.columns import BODY, SUBJECT
from store.errors import RetryableStoreError, StoreError, StoreVersionError
from store.reader import RecordReader
from store.reviewers import add_reviewer
from store.rows import TABLES, to_row
from store.tables import metadata
from store.writer import RecordWriter


def clear(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))


def exactly(record: Contract | None) -> str:
    """Equality forgives 1 == 1.0 == True; this text does not."""
    assert record is not None
    return json.dumps(record.model_dump(mode="json"), sort_keys=True)


def stored(reader: RecordReader, record: Record) -> Contract | None:
    """What the store has for the id of `record`."""
    match record:
        case SessionRecord():
            return reader.session(record.session_id)
        case TurnRecord():
            return next(t for t in reader.turns(record.turn.session_id) if t.turn.turn_id == record.turn.turn_id)
        case TaskRecord():
            return reader.task(record.task_id)
        case StepRecord():
            return next(s for s in reader.steps(record.task_id) if s.step_id == record.step_id)
        case ApprovalRecord():
            return reader.approval(record.approval_id)
        case EscalationRecord():
            return reader.escalation(record.escalation_id)
        case CheckpointRecord():
            return reader.checkpoint(record.checkpoint_id)
        case DecisionRecord():
            return next(d for d in reader.decisions(record.approval_id) if d.number == record.number)
        case GrantRecord():
            return reader.grant(record.grant_id)
        case DeliveryRecord():
            return next(d for d in reader.deliveries() if d.delivery_id == record.delivery_id)
        case ArtifactRecord():
            return next(a for a in reader.artifacts(record.session_id) if a.artifact_id == record.artifact_id)
        case EffectEntry():
            keys = {name: getattr(record, name) for name in ("composition", "tool", "subject_id")}
            return next(e for e in reader.effects(**keys, since=record.at) if e.call_id == record.call_id)
        case AuditRecord():
            entry = next(a for a in reader.audit(record.session_id) if a.entry_id == record.entry_id)
            contents = reader.exhibits(entry.exhibits.values())
            exhibits = {name: contents[digest] for name, digest in entry.exhibits.items()}
            return AuditRecord(**dict(entry) | {"exhibits": exhibits})


@pytest.mark.parametrize("record", FULL, ids=lambda record: record.type)
def test_a_full_record_of_each_kind_is_read_back_exactly(engine: Engine, record: Record) -> None:
    assert RecordWriter(engine).write([record]) == 1
    found = stored(RecordReader(engine), record)
    assert found == record
    assert exactly(found) == exactly(record)


def test_the_samples_cover_every_kind() -> None:
    assert tuple(type(record) for record in FULL) == KINDS


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_record_is_read_back_exactly(engine: Engine, data: st.DataObject) -> None:
    clear(engine)
    record = data.draw(st.sampled_from(KINDS).flatmap(any_record))
    assert RecordWriter(engine).write([record]) == 1
    found = stored(RecordReader(engine), record)
    assert found == record
    assert exactly(found) == exactly(record)


def test_any_reviewer_is_read_back_exactly(engine: Engine) -> None:
    reviewer = ReviewerRecord(
        name="Zoë",
        display_name="Zoë \x00",
        groups=("support-leads", "fraud"),
        capabilities=("billing.refund",),
        active=False,
    )
    add_reviewer(engine, reviewer)
    assert RecordReader(engine).reviewer("Zoë") == reviewer
    assert RecordReader(engine).reviewers() == [reviewer]
    assert RecordReader(engine).reviewer("zoë") is None


@pytest.mark.parametrize("kind", TABLES.keys() & set(KINDS), ids=lambda kind: kind.__name__)
def test_every_field_has_its_column_and_every_column_its_field(kind: type[Any]) -> None:
    record = next(record for record in FULL if type(record) is kind)
    assert set(to_row(record)) == set(TABLES[kind].c.keys())


def test_every_body_has_the_subject_whose_it_is_beside_it() -> None:
    bodies = [column for table in metadata.sorted_tables for column in table.c if column.name.endswith(BODY)]
    models = {TABLES[kind].name: Turn if kind is TurnRecord else kind for kind in KINDS if kind in TABLES}
    contents = {
        f"{table}.{name}{BODY}"
        for table, model in models.items()
        for name, field in model.model_fields.items()
        if field.annotation in (Content, Content | None)
    }
    exhibits = {f"audit_contents.content{BODY}"}
    assert {f"{column.table.name}.{column.name}" for column in bodies} == contents | exhibits
    for column in bodies:
        subject = column.table.c[column.name.removesuffix(BODY) + SUBJECT]
        assert [key.target_fullname for key in subject.foreign_keys] == ["subjects.subject_id"]
        assert subject.nullable == column.nullable
    assert not [column for column in audit_entries.c if column.name.endswith(BODY)]


def test_a_record_of_another_version_is_kept_for_later_rather_than_misread(engine: Engine) -> None:
    newer = session(v=2)
    with pytest.raises(StoreVersionError, match="version 2"):
        RecordWriter(engine).write([newer])
    odd = artifact()
    odd = odd.model_copy(update={"body": odd.body.model_copy(update={"v": 3})})
    with pytest.raises(StoreVersionError, match="Content of version 3"):
        RecordWriter(engine).write([task(), odd])
    inner = turn()
    inner = inner.model_copy(update={"turn": inner.turn.model_copy(update={"v": 9})})
    with pytest.raises(StoreVersionError, match="Turn of version 9"):
        RecordWriter(engine).write([inner])
    assert RecordReader(engine).task("task-1") is None, "a batch is written whole or not at all"


def test_what_no_database_can_hold_is_refused_for_good(engine: Engine) -> None:
    with pytest.raises(StoreError) as refusal:
        RecordWriter(engine).write([session(revision=2**70)])
    assert not isinstance(refusal.value, RetryableStoreError)
