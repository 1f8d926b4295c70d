"""Questions to the records: order, filters, pages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from record_samples import (
    MORNING,
    approval,
    artifact,
    audit,
    checkpoint,
    decision,
    delivery,
    effect,
    escalation,
    grant,
    said,
    session,
    step,
    task,
    turn,
)
from sqlalchemy import Engine

from contracts.approval import ApprovalStage
from contracts.checkpoint import CheckpointStage
from contracts.delivery import DeliveryState
from contracts.escalation import EscalationStage
from contracts.records import Absence, ReviewerRecord
from store.errors import StoreError
from store.grants import revoke_grant
from store.reader import RecordReader
from store.reviewers import (
    add_reviewer,
    change_reviewer,
    deactivate_reviewer,
    seed_development_reviewers,
    update_reviewer,
)
from store.writer import RecordWriter


@pytest.fixture
def reader(engine: Engine) -> RecordReader:
    return RecordReader(engine)


@pytest.fixture
def writer(engine: Engine) -> RecordWriter:
    return RecordWriter(engine)


def later(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


def test_what_is_not_there_is_none_or_empty(reader: RecordReader) -> None:
    for one in (reader.session("x"), reader.task("x"), reader.approval("x"), reader.reviewer("x"),
                reader.escalation("x"), reader.checkpoint("x")):  # fmt: skip
        assert one is None
    for found in (reader.sessions(), reader.turns("x"), reader.tasks(), reader.steps("x"), reader.approvals(),
                  reader.decisions("x"), reader.deliveries(), reader.artifacts("x"), reader.audit("x"),
                  reader.reviewers(), reader.escalations(), reader.checkpoints()):  # fmt: skip
        assert found == []


def test_sessions_come_newest_first_in_pages_that_miss_none(reader: RecordReader, writer: RecordWriter) -> None:
    # Three of them opened at the very same time.
    opened = {"a": 0, "b": 5, "c": 5, "d": 5, "e": 9}
    writer.write([session(name, opened_at=MORNING + later(minutes)) for name, minutes in opened.items()])
    assert [record.session_id for record in reader.sessions()] == ["e", "d", "c", "b", "a"]
    pages, before = [], None
    while page := reader.sessions(limit=2, before=before):
        before = page[-1].session_id
        pages.append([record.session_id for record in page])
    assert pages == [["e", "d"], ["c", "b"], ["a"]]
    with pytest.raises(LookupError, match="nobody"):
        reader.sessions(before="nobody")


def test_turns_come_in_the_order_in_which_they_were_said(reader: RecordReader, writer: RecordWriter) -> None:
    writer.write([turn("z", after=0.000001), turn("a", after=30), turn("m", after=0), turn("o", "session-2")])
    assert [record.turn.turn_id for record in reader.turns("session-1")] == ["m", "z", "a"]


def test_tasks_by_session_and_by_subject(reader: RecordReader, writer: RecordWriter) -> None:
    writer.write([
        task("t1"),
        task("t2", session_id="session-2", requested_at=MORNING + later(1)),
        task("t3", subject_id="subject-2", requested_at=MORNING + later(2)),
    ])  # fmt: skip

    def ids(**filters: Any) -> list[str]:
        return [record.task_id for record in reader.tasks(**filters)]

    assert ids() == ["t3", "t2", "t1"]
    assert ids(session_id="session-1") == ["t3", "t1"]
    assert ids(subject_id="subject-1") == ["t2", "t1"]
    assert ids(session_id="session-1", subject_id="subject-1") == ["t1"]
    assert [record.task_id for record in reader.tasks(limit=1)] == ["t3"]


def test_steps_decisions_artifacts_and_audit_of_one(reader: RecordReader, writer: RecordWriter) -> None:
    writer.write([
        step("s2"), step("s1"), step("s3", task_id="task-2"),
        decision(10), decision(2), decision(1, approval_id="approval-2"),
        artifact("f2"), artifact("f1", created_at=MORNING + later(1)), artifact("f3", session_id="session-2"),
        audit("e1"), audit("e2", "session-2"),
    ])  # fmt: skip
    assert [record.step_id for record in reader.steps("task-1")] == ["s1", "s2"]
    assert [record.number for record in reader.decisions("approval-1")] == [2, 10]
    assert [record.artifact_id for record in reader.artifacts("session-1")] == ["f2", "f1"]
    assert [record.entry_id for record in reader.audit("session-1")] == ["e1"]


def test_approvals_by_stage(reader: RecordReader, writer: RecordWriter) -> None:
    writer.write([
        approval("a1"),
        approval("a2", stage=ApprovalStage.APPROVED, reviewer="ann", note=said("fine")),
        approval("a3", opened_at=MORNING + later(1), session_id="session-2"),
    ])  # fmt: skip
    assert [record.approval_id for record in reader.approvals(ApprovalStage.PENDING)] == ["a3", "a1"]
    assert [record.approval_id for record in reader.approvals(stage=ApprovalStage.APPROVED)] == ["a2"]
    assert [record.approval_id for record in reader.approvals(session_id="session-2")] == ["a3"]
    assert len(reader.approvals()) == 3


def test_grants_by_what_they_are_about(reader: RecordReader, writer: RecordWriter) -> None:
    second = grant("g2", granted_at=MORNING + later(1), tool="mail")
    writer.write([grant("g1"), second, grant("g3", subject_id="subject-2", granted_at=MORNING + later(2))])
    assert [g.grant_id for g in reader.grants()] == ["g3", "g2", "g1"]
    assert [g.grant_id for g in reader.grants(subject_id="subject-1")] == ["g2", "g1"]
    assert reader.grants(composition="support", tool="mail", subject_id="subject-1") == [second]
    assert reader.grants(composition="another") == [] and reader.grant("g4") is None


def test_a_grant_is_taken_back_once(reader: RecordReader, writer: RecordWriter, engine: Engine) -> None:
    writer.write([grant("g1")])
    moment = MORNING + later(5)
    revoked = revoke_grant(engine, "g1", "ben", moment)
    assert revoked == reader.grant("g1") == grant("g1", revision=2, revoked_at=moment, revoked_by="ben")
    for wrong, told in (("g1", "ben revoked grant g1 already"), ("g2", "no grant 'g2'")):
        with pytest.raises(StoreError, match=told):
            revoke_grant(engine, wrong, "ann", moment)
    writer.write([grant("g1")])
    assert reader.grant("g1") == revoked, "written again, as a workflow may, it stays taken back"
    [line] = reader.audit("session-1")
    assert (line.action, line.actor, line.detail["grant"]) == ("grant.revoked", "reviewer:ben", "g1")


def test_escalations_and_checkpoints_by_stage(reader: RecordReader, writer: RecordWriter) -> None:
    writer.write([
        escalation("e1"),
        escalation("e2", opened_at=MORNING + later(1), session_id="session-2"),
        escalation("e2", stage=EscalationStage.RESUMED, revision=2, opened_at=MORNING + later(1)),
        checkpoint("c1"),
        checkpoint("c2", opened_at=MORNING + later(1), task_id="task-2"),
    ])  # fmt: skip
    assert [record.escalation_id for record in reader.escalations()] == ["e2", "e1"]
    assert [record.escalation_id for record in reader.escalations(EscalationStage.OPEN)] == ["e1"]
    assert [record.escalation_id for record in reader.escalations(session_id="session-2")] == []
    assert [record.checkpoint_id for record in reader.checkpoints(CheckpointStage.OPEN)] == ["c2", "c1"]
    assert [record.checkpoint_id for record in reader.checkpoints(task_id="task-1")] == ["c1"]


def test_deliveries_by_subject_state_and_session(reader: RecordReader, writer: RecordWriter) -> None:
    writer.write([
        delivery("d1"),
        delivery("d2", state=DeliveryState.HEARD, created_at=MORNING + later(1), heard_in="session-2"),
        delivery("d3", subject_id="subject-2", session_id="session-3"),
    ])  # fmt: skip
    owed = reader.deliveries(subject_id="subject-1", state=DeliveryState.OWED)
    assert [record.delivery_id for record in owed] == ["d1"]
    assert [record.delivery_id for record in reader.deliveries(subject_id="subject-1")] == ["d2", "d1"]
    assert [record.delivery_id for record in reader.deliveries(session_id="session-3")] == ["d3"]
    assert len(reader.deliveries()) == 3


def test_effects_of_one_tool_for_one_person_since_then(reader: RecordReader, writer: RecordWriter) -> None:
    writer.write(
        [
            effect("c1"), effect("c2", at=MORNING + later(2), amount=None), effect("c3", tool="mail"),
            effect("c4", subject_id="subject-2"), effect("c5", at=MORNING - later(9)),
            effect("c6", composition="other"), effect("c1", amount=99.0),
        ]
    )  # fmt: skip
    found = reader.effects(composition="support", tool="refund", subject_id="subject-1", since=MORNING)
    assert [(entry.call_id, entry.amount) for entry in found] == [("c1", 12.5), ("c2", None)]


def test_authority_and_absences_of_a_reviewer_are_kept(engine: Engine, reader: RecordReader) -> None:
    away = Absence(since=MORNING, until=MORNING + later(60))
    dora = ReviewerRecord(name="dora", display_name="Dora", up_to={"billing.refund": 50.5}, absences=(away,))
    add_reviewer(engine, dora)
    assert reader.reviewer("dora") == dora
    changed = change_reviewer(engine, "dora", lambda known: known.model_copy(update={"up_to": {}, "name": "eve"}))
    assert reader.reviewer("dora") == changed == dora.model_copy(update={"up_to": {}}), "a name is never changed"
    with pytest.raises(StoreError, match="no reviewer 'nobody'"):
        change_reviewer(engine, "nobody", lambda known: known)


def test_reviewers_are_added_changed_and_deactivated_by_name(engine: Engine, reader: RecordReader) -> None:
    carla = ReviewerRecord(name="carla", display_name="Carla", groups=("fraud",), capabilities=("billing.refund",))
    add_reviewer(engine, carla)
    with pytest.raises(StoreError, match="'carla' already"):
        add_reviewer(engine, carla.model_copy(update={"groups": ()}))
    assert reader.reviewer("carla") == carla
    update_reviewer(engine, carla.model_copy(update={"capabilities": ()}))
    deactivate_reviewer(engine, "carla")
    deactivate_reviewer(engine, "carla")
    assert reader.reviewer("carla") == carla.model_copy(update={"capabilities": (), "active": False})
    with pytest.raises(StoreError, match="no reviewer 'nobody'"):
        deactivate_reviewer(engine, "nobody")
    with pytest.raises(StoreError, match="no reviewer 'nobody'"):
        update_reviewer(engine, carla.model_copy(update={"name": "nobody"}))
    for name in ("", " carla", "carla\n"):
        with pytest.raises(StoreError, match="name"):
            add_reviewer(engine, carla.model_copy(update={"name": name}))


def test_the_development_seed_adds_what_is_missing_and_changes_nothing(engine: Engine, reader: RecordReader) -> None:
    assert seed_development_reviewers(engine) == 2
    assert [(record.name, record.groups, record.active) for record in reader.reviewers()] == [
        ("ann", ("support-leads",), True),
        ("ben", ("support-leads",), True),
    ]
    deactivate_reviewer(engine, "ann")
    assert seed_development_reviewers(engine) == 0
    ann = reader.reviewer("ann")
    assert ann is not None and not ann.active


def test_the_last_summary_is_that_of_the_persons_newest_other_call_of_the_composition(engine: Engine) -> None:
    writer, reader = RecordWriter(engine), RecordReader(engine)
    writer.write(
        [
            session("s1"),
            session("s2"),
            session("s3", composition="bank"),
            session("s4"),
            artifact("s1.summary", session_id="s1", created_at=MORNING),
            artifact("s2.summary", session_id="s2", created_at=MORNING + timedelta(hours=1)),
            artifact("s2.promises", session_id="s2", kind="promises", created_at=MORNING + timedelta(hours=2)),
            artifact("s3.summary", session_id="s3", created_at=MORNING + timedelta(hours=3)),
            artifact("s4.summary", session_id="s4", subject_id="subject-2", created_at=MORNING + timedelta(hours=4)),
        ]
    )

    def last(besides: str, subject: str = "subject-1", composition: str = "support") -> str | None:
        found = reader.last_summary(subject, composition, besides)
        return found.artifact_id if found is not None else None

    assert last("s9") == "s2.summary" and last("s2") == "s1.summary"
    assert last("s9", composition="bank") == "s3.summary" and last("s3", composition="bank") is None
    assert last("s9", subject="subject-2") == "s4.summary"
