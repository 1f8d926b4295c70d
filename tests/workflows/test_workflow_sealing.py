"""Nothing that anybody said can be read in a history: every content of every workflow type, and every failure."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from replay_story import tell
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.client import WorkflowHistory
from temporalio.converter import PayloadCodec
from temporalio.exceptions import ApplicationError
from workflow_world import COMPOSITIONS, World, until, world

from contracts.base import Content
from contracts.names import TaskQueue, WorkflowType, task_workflow_id
from contracts.records import TaskRecord
from contracts.task import TaskRequest
from workers.codec import ENVELOPE, MARK

ENOUGH = 12
"""Characters of a content that is worth looking for: a shorter one may stand anywhere by chance."""


DIGEST = re.compile("[0-9a-f]{64}")


def payloads(message: object) -> list[Payload]:
    """Every payload in a message of protobuf, wherever it is."""
    if isinstance(message, Payload):
        return [message]
    found: list[Payload] = []
    for field, value in getattr(message, "ListFields", list)():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            found += [p for item in value.values() for p in payloads(item)]
        elif hasattr(value, "ListFields"):
            found += payloads(value)
        else:
            found += [p for item in value for p in payloads(item)]
    return found


def contents(value: object) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(contents, value))
    if not isinstance(value, dict):
        return set()
    if isinstance(value.get("subject_id"), str) and isinstance(value.get("body"), str):
        return {value["body"]}
    return set().union(*map(contents, value.values()))


async def said(codec: PayloadCodec, history: WorkflowHistory) -> set[str]:
    """Every content that who has the keys can read in a history."""
    marked = [p for event in history.events for p in payloads(event) if MARK in p.metadata]
    opened = await codec.decode(marked)
    return set().union(*(contents(value(p)) for p in opened))


def value(payload: Payload) -> object:
    try:
        return json.loads(payload.data)
    except ValueError:
        return None


async def test_no_content_of_any_workflow_stands_readable_in_a_history(tmp_path: Path) -> None:
    readable: dict[str, str] = {}
    async with world(tmp_path) as stage:
        codec = stage.client.data_converter.payload_codec
        assert codec is not None
        told = await tell(stage)
        histories = [
            await stage.client.get_workflow_handle(workflow_id, run_id=run_id).fetch_history()
            for workflow_id, run_id in told.values()
        ]
        words = {word for history in histories for word in await said(codec, history) if len(word) >= ENOUGH}
        fixed = " ".join(composition.model_dump_json() for composition in COMPOSITIONS.values())
        fixed += "mail: unknown"  # tool and state, which the Web UI shows of a call
        words = {word for word in words if json.dumps(word, ensure_ascii=False)[1:-1] not in fixed}
        words = {word for word in words if not DIGEST.fullmatch(word)}
        assert len(words) > 20, "the story says something"
        for name, history in zip(told, histories, strict=True):
            text = plain_text(history)
            readable |= {word: name for word in words if word in text}
    assert readable == {}


def plain_text(history: WorkflowHistory) -> str:
    """All that can be read in a history without a key, but what was sent raw: that is plain by its sender's choice."""
    parts = []
    for event in history.events:
        parts += [
            p.data.decode(errors="replace")
            for p in payloads(event)
            if MARK in p.metadata or p.metadata.get("encoding") == ENVELOPE
        ]
        for payload in payloads(event):
            payload.Clear()
        parts.append(str(event))
    return "\n".join(parts).encode().decode("unicode_escape", errors="replace")


async def test_a_failure_is_readable_with_the_master_key_alone(stage: World) -> None:
    converter = stage.client.data_converter
    failure = Failure()
    await converter.encode_failure(ApplicationError("my canary is called Tweety"), failure)
    assert "Tweety" not in str(failure) and failure.message == "Encoded failure"
    assert str(await converter.decode_failure(failure)) == "my canary is called Tweety"


@pytest.mark.parametrize(
    "body",
    ["sealed.1.0123456789abcdef.AAAA", "", "über\n\x00\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")],
)
async def test_whatever_is_said_comes_back_as_it_was(stage: World, body: str) -> None:
    converter = stage.client.data_converter
    value = {"items": [{"v": 1, "subject_id": "subject-1", "body": body}], "n": 1.5}
    encoded = await converter.encode([value])
    assert not body or body not in encoded[0].data.decode()
    assert await converter.decode(encoded) == [value]


CANARY = "my canary is called Tweety"


def lies_in(folder: Path, pattern: str) -> bool:
    return any(CANARY.encode() in file.read_bytes() for file in folder.glob(pattern))


@pytest.mark.parametrize("sealing", [True, False])
async def test_no_byte_of_what_was_said_lies_in_either_database(tmp_path: Path, sealing: bool) -> None:
    """With sealing off the same search finds it in both, or it would prove nothing."""
    said = Content(subject_id="subject-1", body=CANARY)
    async with world(tmp_path, sealing=sealing, temporal_file=tmp_path / "temporal.db") as stage:
        request = TaskRequest(
            task_id="task-canary", session_id="session-canary", subject_id="subject-1", composition="desk",
            goal=said, conversation=said, requested_at=datetime.now(UTC),
        )  # fmt: skip
        await stage.client.start_workflow(
            WorkflowType.TASK.value, request, id=task_workflow_id("task-canary"), task_queue=TaskQueue.ORCHESTRATION
        )

        async def recorded() -> TaskRecord | None:
            return stage.records.task("task-canary")

        assert (await until(recorded)).goal.body == CANARY, "who has the keys reads it"
    found = {name: lies_in(tmp_path, f"{name}.db*") for name in ("records", "temporal")}
    assert found == {"records": not sealing, "temporal": not sealing}
