"""What people are shown from records alone: whose queue, what is left after an erasure, and that it was read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from front_door import Door

from contracts.approval import ApprovalStage
from contracts.base import Content
from contracts.people import PersonRole
from contracts.records import Absence, ApprovalRecord, ReviewerRecord, SessionRecord, TaskRecord
from contracts.task import TaskStage
from store.reviewers import add_reviewer
from store.sealed import ERASED
from store.writer import RecordWriter

NOW = datetime.now(UTC)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    opened = Door(tmp_path / "records.db")
    async with opened.http:
        yield opened


def waits(approval_id: str, arguments: str, **changes: Any) -> ApprovalRecord:
    fields: dict[str, Any] = {
        "approval_id": approval_id,
        "task_id": "task-1",
        "step_id": "step-1",
        "session_id": "session-1",
        "subject_id": "caller-7",
        "composition": "support",
        "tool": "refund_order",
        "capability": "billing.refund",
        "action": Content(subject_id="caller-7", body="Refund order 417"),
        "arguments": Content(subject_id="caller-7", body=arguments),
        "digest": "d" * 64,
        "rule_id": "refunds",
        "why": "money leaves the shop",
        "stage": ApprovalStage.PENDING,
        "revision": 1,
        "opened_at": NOW,
        "deadline": NOW + timedelta(minutes=10),
    }
    return ApprovalRecord(**fields | changes)


def refund(amount: str) -> str:
    return json.dumps({"amount": amount, "order_id": "417"})


async def test_the_queue_shows_what_this_person_may_decide_by_amount_and_absence(door: Door) -> None:
    away = Absence(since=NOW - timedelta(hours=1), until=NOW + timedelta(hours=1))
    for reviewer in (
        ReviewerRecord(name="ann", display_name="Ann"),
        ReviewerRecord(name="low", display_name="Low", up_to={"billing.refund": 50.0}),
        ReviewerRecord(name="gone", display_name="Gone", absences=(away,)),
    ):
        add_reviewer(door.engine, reviewer)
    RecordWriter(door.engine).write(
        [
            waits("small", refund("40")),
            waits("large", refund("240")),
            waits("lowered", refund("240"), editable=("amount",)),
            waits("of-others", refund("40"), deciders=("group:chiefs",)),
        ]
    )
    seen = {}
    for name in ("ann", "low", "gone"):
        browser = await door.signed_in(PersonRole.REVIEWER, name=name, reviewer=name)
        seen[name] = {item["approval_id"] for item in (await browser.get("/api/queue")).json()["items"]}
        opened = await browser.get("/api/queue/large")
        assert opened.status_code == (200 if name == "ann" else 403), opened.text
        if name == "ann":
            outlook = opened.json()["outlook"].values()
            assert not [words for words in outlook if "{" in words], "words as they are said, with nothing left to fill"
        else:
            assert {"low": "up to 50", "gone": "is away until"}[name] in opened.json()["detail"]
    everything = {"small", "large", "lowered"}
    assert seen == {"ann": everything, "low": everything - {"large"}, "gone": set()}


async def test_what_was_erased_is_shown_without_what_it_was_about(door: Door) -> None:
    add_reviewer(door.engine, ReviewerRecord(name="ann", display_name="Ann"))
    RecordWriter(door.engine).write([waits("erased", ERASED)])
    browser = await door.signed_in(PersonRole.REVIEWER, name="ann", reviewer="ann")
    shown = await browser.get("/api/queue/erased")
    assert shown.status_code == 200, shown.text
    assert shown.json()["arguments"] == {} and shown.json()["refusal"] is None


async def test_whoever_opens_a_call_a_task_or_an_approval_is_noted_once_in_its_trail(door: Door) -> None:
    words = Content(subject_id="caller-7", body="money back")
    RecordWriter(door.engine).write(
        [
            SessionRecord(
                session_id="session-1",
                room="room",
                subject_id="caller-7",
                composition="support",
                state="open",
                revision=1,
                opened_at=NOW,
            ),
            TaskRecord(
                task_id="task-1",
                session_id="session-1",
                subject_id="caller-7",
                composition="support",
                stage=TaskStage.RUNNING,
                revision=1,
                goal=words,
                requested_at=NOW,
                updated_at=NOW,
            ),
            waits("approval-1", refund("40")),
        ]
    )
    browser = await door.signed_in(PersonRole.AUDITOR, name="otto")
    for path in (
        "sessions/session-1",
        "sessions/session-1/turns",
        "sessions/session-1/timeline",
        "tasks/task-1",
        "approvals/approval-1",
    ):
        for _ in range(2):
            assert (await browser.get(f"/api/{path}")).status_code == 200, path
    lines = [line for line in door.deps.records.audit("session-1") if line.action == "content.read"]
    assert [(line.actor, line.target) for line in lines] == [
        ("person:otto", target) for target in ("session/session-1", "task/task-1", "approval/approval-1")
    ]
