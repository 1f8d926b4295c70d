"""Batches may come again, late, and in any order: the same rows result."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_samples import (
    FULL,
    approval,
    artifact,
    audit,
    decision,
    delivery,
    said,
    session,
    step,
    task,
    turn,
)
from sqlalchemy import Engine, delete, select

from contracts.audit import AuditEntry, AuditRecord
from contracts.records import Record
from store.audit import verify
from store.audit_tables import audit_contents, audit_entries, audit_heads
from store.chain import read_line
from store.reader import RecordReader
from store.rows import TABLES, to_row
from store.tables import metadata, subjects
from store.writer import RecordWriter


def versions() -> st.SearchStrategy[Record]:
    """Few ids and many versions, so that they collide; what a record says follows from its id and revision."""
    number, revision = st.integers(1, 3), st.integers(1, 5)

    def revised(make: Any) -> st.SearchStrategy[Record]:
        return st.builds(make, number, revision)

    return st.one_of(
        revised(lambda n, r: session(f"s{n}", r, state=f"state {r}", subject_id=f"subject-{n}")),
        revised(lambda n, r: task(f"t{n}", r, speech=said(f"version {r}", f"subject-{n + r}"))),
        revised(lambda n, r: step(f"p{n}", r, answer=said(f"version {r}"))),
        revised(lambda n, r: approval(f"a{n}", r, reviewer=f"reviewer {r}")),
        revised(lambda n, r: delivery(f"d{n}", r, attempts=r)),
        st.builds(lambda n, s: turn(f"u{n}", f"s{s}", after=n), number, number),
        st.builds(decision, number),
        st.builds(lambda n: artifact(f"f{n}"), number),
        st.builds(lambda n, s: audit(f"e{n}", f"s{s}", target=f"t{n}"), number, number),
    )


def key(record: Record) -> tuple[Any, ...]:
    if isinstance(record, AuditRecord):
        return ("audit", record.session_id, record.entry_id)
    table = TABLES[type(record)]
    row = to_row(record)
    return (table.name, *(row[column.name] for column in table.primary_key))


def said_of(entry: AuditRecord | AuditEntry) -> dict[str, Any]:
    return {"target": entry.target, "event": entry.event, "at": entry.at}


def rows(engine: Engine) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Every row but the places in the audit chain, which follow the order of arrival."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    with engine.connect() as connection:
        for table in metadata.sorted_tables:
            if table in (subjects, audit_heads, audit_contents):
                continue
            for row in connection.execute(select(table)).mappings():
                if table is audit_entries:
                    found["audit", row["session_id"], row["entry_id"]] = said_of(read_line(row["line"]))
                else:
                    found[(table.name, *(row[column.name] for column in table.primary_key))] = dict(row)
    return found


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_order_and_duplication_of_batches_ends_in_the_same_rows(engine: Engine, data: st.DataObject) -> None:
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(delete(table))
    writer = RecordWriter(engine)
    records = data.draw(st.lists(versions(), min_size=1, max_size=12), label="records")
    sent = data.draw(st.permutations(records + data.draw(st.lists(st.sampled_from(records), max_size=8))), label="sent")
    expected: dict[tuple[Any, ...], Record] = {}
    for record in records:
        known = expected.get(key(record))
        if known is None or getattr(record, "revision", 0) > getattr(known, "revision", 0):
            expected[key(record)] = record

    while sent:
        size = data.draw(st.integers(1, len(sent)), label="batch size")
        batch, sent = sent[:size], sent[size:]
        writer.write(batch)
        if data.draw(st.booleans(), label="sent again at once"):
            assert writer.write(batch) == 0

    assert rows(engine) == {
        name: said_of(record) if isinstance(record, AuditRecord) else to_row(record)
        for name, record in expected.items()
    }
    entries = [name for name in expected if name[0] == "audit"]
    report = verify(engine)
    assert report.intact and report.entries == len(entries)
    assert report.sessions == len({session_id for _, session_id, _ in entries})


def test_the_answer_counts_rows_that_came_new_or_rose(engine: Engine) -> None:
    writer = RecordWriter(engine)
    assert writer.write([]) == 0
    assert writer.write(FULL) == len(FULL)
    assert writer.write(FULL) == 0
    assert writer.write([task(revision=1), task(revision=3), task(revision=2), turn()]) == 1
    assert writer.write([task(revision=3, speech=said("same revision, other words"))]) == 0
    assert RecordReader(engine).task("task-1") == task(revision=3)


def test_a_lower_or_equal_revision_never_wins(engine: Engine) -> None:
    writer, reader = RecordWriter(engine), RecordReader(engine)
    latest = session(revision=7, state="ended", end_reason="hung up")
    writer.write([latest])
    assert writer.write([session(revision=6)]) == writer.write([session(revision=7)]) == 0
    assert reader.session("session-1") == latest
    # A later version may take a field back.
    writer.write([session(revision=8)])
    assert reader.session("session-1") == session(revision=8)


def test_what_was_heard_or_decided_once_stays_as_it_was(engine: Engine) -> None:
    writer, reader = RecordWriter(engine), RecordReader(engine)
    writer.write([turn(), decision(), artifact(), audit()])
    again: list[Record] = [
        turn(text=said("other")), decision(verdict="reject"), artifact(body=said("other")), audit(target="other"),
    ]  # fmt: skip
    assert writer.write(again) == 0
    assert reader.turns("session-1") == [turn()]
    assert reader.decisions("approval-1") == [decision()]
    assert reader.artifacts("session-1") == [artifact()]
    assert [entry.target for entry in reader.audit("session-1")] == [audit().target]


def test_every_subject_that_is_named_gets_its_row_once(engine: Engine) -> None:
    RecordWriter(engine).write(FULL)
    RecordWriter(engine).write([task("task-2", goal=said("x", "subject-9"))])
    with engine.connect() as connection:
        names = Counter(connection.execute(select(subjects.c.subject_id)).scalars())
    assert names == Counter(["subject-1", "subject-2", "subject-3", "subject-9"])


def test_audit_entries_chain_in_the_order_of_arrival(engine: Engine) -> None:
    writer = RecordWriter(engine)
    writer.write([audit("b"), audit("x", "session-2"), audit("a")])
    writer.write([audit("c"), audit("a"), audit("y", "session-2")])
    reader = RecordReader(engine)
    assert [entry.entry_id for entry in reader.audit("session-1")] == ["b", "a", "c"]
    assert [entry.entry_id for entry in reader.audit("session-2")] == ["x", "y"]
    assert verify(engine) == verify(engine, None)
    assert verify(engine).entries == 5
