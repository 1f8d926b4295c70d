"""Small things that the tests of live agents share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from contracts.base import Content
from contracts.composition import Composition
from contracts.session import Speaker, Turn
from contracts.task import TaskRequest, TaskStage, TaskState
from live.delegation import CallFacts
from live.spool import Outgoing
from tools.compositions import load_composition

ROOT = Path(__file__).resolve().parents[2]
FACTS = CallFacts(session_id="session-1", subject_id="subject-1", epoch=1, role="voice")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def support() -> Composition:
    return load_composition(ROOT / "compositions" / "support.yml")


def words(body: str) -> Content:
    return Content(subject_id="subject-1", body=body)


def turn(number: int, text: str, speaker: Speaker = Speaker.CALLER, *, session: str = "session-1") -> Turn:
    return Turn(
        turn_id=f"turn-{number}",
        session_id=session,
        epoch=1,
        role="voice",
        speaker=speaker,
        text=words(text),
        started_at=NOW,
        ended_at=NOW,
    )


def task(number: int, *, session: str = "session-1") -> TaskRequest:
    return TaskRequest(
        task_id=f"task-{number}",
        session_id=session,
        subject_id="subject-1",
        composition="support",
        goal=words("refund order 417"),
        conversation=words("caller: it broke"),
        requested_at=NOW,
    )


def state(task_id: str, stage: TaskStage, revision: int = 1, sentence: str | None = None) -> TaskState:
    return TaskState(
        task_id=task_id,
        session_id="session-1",
        subject_id="subject-1",
        composition="support",
        stage=stage,
        revision=revision,
        goal=words("refund order 417"),
        sentence=words(sentence) if sentence else None,
    )


def outgoing(number: int) -> Outgoing:
    return Outgoing(item_id=f"i{number}", number=number, kind="turn", target="session/s", body="{}")


def files(folder: Path) -> list[str]:
    return [found.name for found in folder.iterdir()]


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    """Polls a condition of another task or process that has no event to await. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (there is no event to await)
            await asyncio.sleep(0.01)
