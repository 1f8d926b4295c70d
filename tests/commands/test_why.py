"""`greenroom why` over a call's records: what the story of each kind of id tells."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from contracts.approval import ApprovalStage
from contracts.audit import AuditRecord
from contracts.audit_events import AuditEvent, Decided, ModelCalled, PolicyRuled, ToolCalled
from contracts.base import Content
from contracts.delivery import DeliveryState
from contracts.records import ApprovalRecord, DeliveryRecord, Record, SessionRecord, StepRecord, TaskRecord, TurnRecord
from contracts.session import Speaker, Turn
from contracts.task import StepStatus, TaskStage
from contracts.tools import ToolStatus
from migrations import upgrade
from store.audit_keys import make_key
from store.audit_tables import audit_contents
from store.engine import open_engine
from store.reader import RecordReader
from store.writer import RecordWriter
from workers.settings import ROOT
from workers.why import Why, explain

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
IDS: dict[str, Any] = {"session_id": "s1", "subject_id": "p1", "composition": "support"}


def said(text: str) -> Content:
    return Content(subject_id="p1", body=text)


def turn(turn_id: str, speaker: Speaker, text: str, second: int) -> TurnRecord:
    moment = NOW + timedelta(seconds=second)
    return TurnRecord(
        turn=Turn(
            turn_id=turn_id, session_id="s1", epoch=1, role="voice", speaker=speaker, text=said(text),
            started_at=moment, ended_at=moment + timedelta(seconds=1),
        )
    )  # fmt: skip


def entry(entry_id: str, second: int, actor: str, target: str, event: AuditEvent, **exhibits: str) -> AuditRecord:
    return AuditRecord(
        entry_id=entry_id, session_id="s1", at=NOW + timedelta(seconds=second), actor=actor, target=target, event=event,
        exhibits={name: said(body) for name, body in exhibits.items()},
    )  # fmt: skip


def model(purpose: str, **known: Any) -> ModelCalled:
    fields = {"state": "answered", "purpose": purpose, "model": "house-1", "prompt": "p1", "milliseconds": 9}
    return ModelCalled.model_validate(fields | known)


def asked(words: str) -> str:
    return json.dumps({"messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": words}]})


def one_call() -> list[Record]:
    step = {"task": "task-1", "step": "s1"}
    return [
        SessionRecord(**IDS, room="r", state="open", revision=1, opened_at=NOW),
        turn("u1", Speaker.CALLER, "Where is order 417?", 1),
        turn("a1", Speaker.AGENT, "It is on its way.", 3),
        turn("a2", Speaker.AGENT, "It is refunded.", 9),
        DeliveryRecord(
            delivery_id="task-1.outcome", subject_id="p1", session_id="s1", task_id="task-1", topic="task-1",
            revision=1, state=DeliveryState.HEARD, attempts=1, speech=said("It is refunded."),
            created_at=NOW, updated_at=NOW,
        ),
        TaskRecord(**IDS, task_id="task-1", stage=TaskStage.DONE, revision=2, goal=said("refund 417"),
                   requested_at=NOW, updated_at=NOW),
        StepRecord(task_id="task-1", step_id="s1", role="operator", goal=said("refund it"), status=StepStatus.DONE,
                   revision=2, updated_at=NOW),
        ApprovalRecord(
            **IDS, approval_id="a-1", task_id="task-1", step_id="s1", tool="refund", capability="billing.refund",
            action=said("Refund 12.50 EUR"), arguments=said("{}"), digest="d" * 64, rule_id="big", why="because",
            stage=ApprovalStage.APPROVED, revision=2, opened_at=NOW, deadline=NOW,
        ),
        entry("m1", 2, "role:voice", "u1", model("turn", turn="u1", epoch=1), input=asked("Where is order 417?"),
              output='{"content": "It is on its way."}'),
        entry("m2", 4, "role:operator", "task-1/s1", model("think", **step), input=asked("refund 417"), output="{}"),
        entry("policy/task-1/s1/1", 5, "policy", "refund",
              PolicyRuled(state="gated", rule="big", reason="more than 100 EUR", call="task-1/s1/1", **step)),
        entry("d1", 6, "reviewer:ann", "approval/a-1", Decided(state="counted", verdict="approve", reason="counts"),
              covers="d" * 64),
        entry("task-1/s1/1", 7, "role:operator", "refund",
              ToolCalled(state=ToolStatus.OK, call="task-1/s1/1", rule="big", approval="a-1", **step),
              arguments='{"amount": 12.5}', result='{"refunded": true}'),
        entry("call-9", 8, "role:voice", "lookup_order", ToolCalled(state=ToolStatus.OK, call="call-9", epoch=1),
              arguments='{"order_id": "417"}', result='{"status": "shipped"}'),
    ]  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    upgrade(url)
    make_key(tmp_path / "keys")
    engine = open_engine(url)
    RecordWriter(engine).write(one_call())
    engine.dispose()
    return url


@pytest.fixture
def reader(database: str) -> RecordReader:
    return RecordReader(open_engine(database))


def story(reader: RecordReader, wanted: str, session: str | None = None) -> Why:
    found = explain(reader, wanted, lambda flow: f"http://ui/{flow}", session)
    assert found is not None
    return found


@pytest.mark.parametrize("wanted", ["task-1", "task-1/s1", "a-1", "task-1/s1/1"])
def test_an_effect_is_explained_from_any_of_its_ids(reader: RecordReader, wanted: str) -> None:
    told = story(reader, wanted)
    assert [t.entry_id for t in told.known] == ["m2"] and "refund 417" in str(told.known[0].contents["input"])
    assert [(t.detail["rule"], t.detail["reason"]) for t in told.rules] == [("big", "more than 100 EUR")]
    assert [(t.actor, t.detail["verdict"]) for t in told.approved] == [("reviewer:ann", "approve")]
    assert [(t.target, t.contents["result"]) for t in told.happened] == [("refund", '{"refunded": true}')]
    assert any(flow.startswith("task/task-1") for flow in told.workflows)


def test_what_was_spoken_is_explained_by_what_was_heard_before_it(reader: RecordReader) -> None:
    for told in (story(reader, "a1"), story(reader, "on its way", "s1")):
        assert [t.turn.turn_id for t in told.turns] == ["u1", "a1"]
        assert [t.entry_id for t in told.decided] == ["m1"]


def test_what_the_caller_said_is_told_once(reader: RecordReader) -> None:
    told = story(reader, "u1")
    assert [t.turn.turn_id for t in told.turns] == ["u1"] and [t.entry_id for t in told.decided] == ["m1"]


def test_an_outcome_that_was_spoken_is_explained_by_its_task(reader: RecordReader) -> None:
    told = story(reader, "a2")
    assert [t.turn.turn_id for t in told.turns] == ["a2"] and told.kind == "turn"
    assert [t.target for t in told.happened] == ["refund"] and [t.entry_id for t in told.decided] == ["m2"]


def test_what_is_owed_is_found_by_its_own_id(reader: RecordReader) -> None:
    told = story(reader, "task-1.outcome")
    assert told.kind == "delivery" and [d.delivery_id for d in told.deliveries] == ["task-1.outcome"]


def test_a_call_in_the_turn_is_explained_by_the_model_that_asked_for_it(reader: RecordReader) -> None:
    told = story(reader, "call-9")
    assert [t.entry_id for t in told.decided] == ["m1"] and told.happened[0].contents["arguments"] is not None


def test_what_was_erased_is_said_to_be(reader: RecordReader, database: str) -> None:
    engine = open_engine(database)
    with engine.begin() as connection:
        connection.execute(delete(audit_contents))
    engine.dispose()
    assert story(reader, "task-1/s1/1").happened[0].contents == {"arguments": None, "result": None}


def test_the_commands_as_people_run_them(database: str, tmp_path: Path) -> None:
    env = {**os.environ, "GREENROOM_DATABASE_URL": database, "GREENROOM_ENV_FILE": "", "COLUMNS": "160"}
    env["GREENROOM_AUDIT_KEYS_DIR"] = str(tmp_path / "keys")

    def greenroom(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "workers", *arguments]
        return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    told = greenroom("why", "a-1")
    assert told.returncode == 0, told.stderr
    for part in (
        "What was known",
        "user: refund 417",
        "more than 100 EUR",
        "reviewer:ann",
        "task%2Ftask-1%2Fstep%2Fs1",
    ):
        assert part in told.stdout, part
    assert json.loads(greenroom("why", "a-1", "--json").stdout)["kind"] == "approval"
    assert greenroom("why", "nothing").returncode == 1
    assert "6 entries are not sealed yet" in greenroom("audit", "verify").stdout
    assert greenroom("audit", "seal").returncode == 0
    assert "0 entries are not sealed yet" in greenroom("audit", "verify").stdout
    exported = greenroom("audit", "export", str(tmp_path / "trail"))
    assert exported.returncode == 0, exported.stderr
    script = subprocess.run([sys.executable, str(tmp_path / "trail" / "verify.py")], capture_output=True, check=False)
    assert script.returncode == 0
    engine = open_engine(database)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_entries SET line = replace(line, 'reviewer:ann', 'reviewer:ben')")
    engine.dispose()
    broken = greenroom("audit", "verify", "s1")
    assert broken.returncode == 1 and "BROKEN at s1 entry 4" in broken.stdout
