"""The commands that read and change records, run as a user runs them, over a database with one call in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contracts.approval import ApprovalStage
from contracts.audit import AuditRecord
from contracts.audit_events import RoleMoved
from contracts.base import Content
from contracts.checkpoint import CheckpointStage
from contracts.delivery import DeliveryState
from contracts.escalation import EscalationCause, EscalationStage
from contracts.latency import Stage, TurnStages
from contracts.records import (
    ApprovalRecord,
    ArtifactRecord,
    CheckpointRecord,
    DeliveryRecord,
    EscalationRecord,
    Record,
    SessionRecord,
    TaskRecord,
    TurnRecord,
)
from contracts.session import RoleHealth, Speaker, Turn
from contracts.summary import ActionItem, Summary
from contracts.task import TaskStage
from migrations import upgrade
from store.engine import open_engine
from store.writer import RecordWriter
from workers.settings import ROOT

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def content(text: str) -> Content:
    return Content(subject_id="p1", body=text)


def one_call() -> list[Record]:
    ids = {"session_id": "s1", "subject_id": "p1", "composition": "support"}
    turn = Turn(
        turn_id="t1", session_id="s1", epoch=1, role="voice", speaker=Speaker.AGENT, text=content("[bold]Hello[/bold]"),
        started_at=NOW, ended_at=NOW, latency_ms=812.4,
        stages=TurnStages(total=812.4, stt=400, llm_first_token=412.4, missed=Stage.LLM_FIRST_TOKEN),
    )  # fmt: skip
    summary = Summary(session_id="s1", summary=content("A call."), action_items=(ActionItem(text=content("Send it")),))
    return [
        SessionRecord(**ids, room="greenroom-s1", state="summarized", revision=3, opened_at=NOW, ended_at=NOW),
        TurnRecord(turn=turn),
        TaskRecord(
            **ids, task_id="task-1", stage=TaskStage.DONE, revision=4, goal=content("the goal"),
            requested_at=NOW, updated_at=NOW,
        ),
        CheckpointRecord(
            **ids, checkpoint_id="c1", task_id="task-1", rule_id="plans", at="plan", why="money",
            plan=content("1. [to do] operator: refund"), digest="cd" * 32, stage=CheckpointStage.OPEN, revision=1,
            opened_at=NOW, deadline=NOW,
        ),
        EscalationRecord(
            **ids, escalation_id="e1", cause=EscalationCause.CALLER, reason=content("He wants a manager."),
            summary=content("caller: a manager"), recommended=content("Take the call over."),
            stage=EscalationStage.OPEN, revision=1, opened_at=NOW, deadline=NOW,
        ),
        ApprovalRecord(
            **ids, approval_id="a1", task_id="task-1", step_id="st1", tool="refund_order", capability="billing.refund",
            action=content("Refund 12.50 EUR"), arguments=content("{}"), digest="ab" * 32, rule_id="r", why="money",
            stage=ApprovalStage.PENDING, revision=1, opened_at=NOW, deadline=NOW,
        ),
        DeliveryRecord(
            delivery_id="d1", subject_id="p1", session_id="s1", task_id="task-1", topic="task-1", revision=1,
            state=DeliveryState.OWED, attempts=0, speech=content("It is done"), created_at=NOW, updated_at=NOW,
        ),
        ArtifactRecord(
            artifact_id="s1.summary", session_id="s1", subject_id="p1", kind="summary",
            body=content(summary.model_dump_json()), created_at=NOW,
        ),
        AuditRecord(
            entry_id="e1", session_id="s1", at=NOW, actor="workflow", target="session/s1/role/voice",
            event=RoleMoved(state=RoleHealth.PRESENT, epoch=1, identity="agent-1"),
        ),
    ]  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'records.db'}"
    upgrade(url)
    engine = open_engine(url)
    RecordWriter(engine).write(one_call())
    engine.dispose()
    return url


def greenroom(database: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "GREENROOM_DATABASE_URL": database, "GREENROOM_ENV_FILE": "", "COLUMNS": "200"}
    env["GREENROOM_TEMPORAL_ADDRESS"] = "127.0.0.1:9"
    return subprocess.run(
        [sys.executable, "-m", "workers", *arguments], env=env, cwd=ROOT, capture_output=True, text=True, timeout=60
    )


def test_a_call_is_shown_whole(database: str) -> None:
    shown = greenroom(database, "sessions", "show", "s1")
    assert shown.returncode == 0, shown.stderr
    for part in (
        "agent-1",
        "[bold]Hello[/bold]",
        "812 ms",
        "task-1",
        "Refund 12.50 EUR",
        "It is done",
        "Send it",
        "e1",
    ):
        assert part in shown.stdout
    told = json.loads(greenroom(database, "sessions", "show", "s1", "--json").stdout)
    assert told["attended"][0]["identity"] == "agent-1"
    assert told["summary"]["action_items"][0]["text"]["body"] == "Send it"


@pytest.mark.parametrize("kind", ["sessions", "tasks", "approvals", "escalations", "checkpoints", "deliveries"])
def test_lists_are_json_for_machines(database: str, kind: str) -> None:
    assert len(json.loads(greenroom(database, kind, "ls", "--json").stdout)) == 1


@pytest.mark.parametrize(
    ("kind", "known"),
    [("sessions", "s1"), ("tasks", "task-1"), ("approvals", "a1"), ("escalations", "e1"), ("checkpoints", "c1")],
)
def test_an_unknown_id_lists_what_there_is(database: str, kind: str, known: str) -> None:
    refused = greenroom(database, kind, "show", "nothing")
    assert refused.returncode == 1
    assert "nothing" in refused.stderr and known in refused.stderr and "Traceback" not in refused.stderr


def test_an_approval_says_how_to_decide(database: str) -> None:
    shown = greenroom(database, "approvals", "show", "a1").stdout
    assert "workflow signal" in shown and "approval/a1" in shown and '"digest":"abababababab"' in shown


def test_an_escalation_says_what_it_is_about_and_how_to_decide(database: str) -> None:
    shown = greenroom(database, "escalations", "show", "e1").stdout
    assert "He wants a manager." in shown and "greenroom escalations take-over e1" in shown
    assert "workflow signal" in shown and "escalation/e1" in shown and '"verdict":"resume"' in shown
    refused = greenroom(database, "escalations", "take-over", "e1", "--reviewer", "ann")
    assert refused.returncode == 1 and "not sent" in refused.stderr


def test_a_checkpoint_shows_the_plan_and_how_to_decide(database: str) -> None:
    shown = greenroom(database, "checkpoints", "show", "c1").stdout
    assert "1. [to do] operator: refund" in shown and "greenroom checkpoints redirect c1" in shown
    assert "workflow signal" in shown and "checkpoint/c1" in shown and '"digest":"cdcdcdcdcdcd"' in shown
    refused = greenroom(database, "checkpoints", "redirect", "c1", "--reviewer", "ann", "--note", "otherwise")
    assert refused.returncode == 1 and "not sent" in refused.stderr


@pytest.mark.parametrize(
    "decision",
    [
        ("approve",),
        ("extend", "--seconds", "30"),
        ("delegate", "--to", "group:leads"),
        ("claim",),
        ("release",),
    ],
    ids=lambda decision: decision[0],
)
def test_a_decision_without_temporal_is_not_sent_and_says_so(database: str, decision: tuple[str, ...]) -> None:
    refused = greenroom(database, "approvals", decision[0], "a1", "--reviewer", "ann", *decision[1:])
    assert refused.returncode == 1
    assert "not sent" in refused.stderr and "GREENROOM_TEMPORAL_ADDRESS" in refused.stderr


def test_reviewers_come_and_go(database: str) -> None:
    assert greenroom(database, "reviewers", "add", "eve", "--group", "leads").returncode == 0
    again = greenroom(database, "reviewers", "add", "eve")
    assert again.returncode == 1 and "already" in again.stderr
    assert greenroom(database, "reviewers", "deactivate", "eve").returncode == 0
    found = {r["name"]: r for r in json.loads(greenroom(database, "reviewers", "ls", "--json").stdout)}
    assert found["eve"]["active"] is False and found["eve"]["groups"] == ["leads"]
    assert greenroom(database, "reviewers", "deactivate", "nobody").returncode == 1


def test_a_database_that_is_not_migrated_names_the_fix(tmp_path: Path) -> None:
    refused = greenroom(f"sqlite:///{tmp_path / 'none.db'}", "sessions", "ls")
    assert refused.returncode == 1 and "migrat" in refused.stderr and "Traceback" not in refused.stderr


def test_a_call_without_a_front_door_names_the_fix(database: str) -> None:
    refused = greenroom(database, "call", "--front-door", "http://127.0.0.1:9", "--say", "hello")
    assert refused.returncode == 1 and "make dev" in refused.stderr and "Traceback" not in refused.stderr
