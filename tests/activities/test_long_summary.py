"""A call of any length is summed up in questions of bounded size, and what was decided keeps its turns."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import openai
import pytest_asyncio
from activity_samples import DAY, DESK, Trail, turn, words
from chat_server import ChatServer, chat_server
from hypothesis import given
from hypothesis import strategies as st
from temporalio.testing import ActivityEnvironment

from activities.models import ModelActivities
from activities.transcripts import TranscriptActivities
from contracts.delivery import DeliveryState
from contracts.records import ArtifactRecord, DeliveryRecord, TaskRecord, TurnRecord
from contracts.session import Turn
from contracts.summary import Cited, SpanRequest, Summary, SummaryRequest, SummaryStart
from contracts.task import TaskStage
from policy import chunks
from policy.summary import settled
from policy.tokens import tokens_of

TURNS = 1500
START = SummaryStart(session_id="session-1", subject_id="subject-1", composition="desk")


class Archive:
    """Records of one long call, in which every hundredth turn decides something."""

    def __init__(self, count: int = TURNS) -> None:
        self.read: list[int | None] = []
        """How many turns were asked for each time; None: all."""
        self.spoken = [turn(f"t{n}", said(n), number=n) for n in range(count)]

    def turns(self, session_id: str, *, first: int = 0, count: int | None = None) -> Sequence[TurnRecord]:
        self.read.append(count)
        last = None if count is None else first + count
        return [TurnRecord(turn=t) for t in self.spoken[first:last]]

    def tasks(self, session_id: str) -> Sequence[TaskRecord]:
        return [
            TaskRecord(
                task_id=f"task-{n}",
                session_id="session-1",
                subject_id="subject-1",
                composition="desk",
                stage=TaskStage.DONE,
                revision=3,
                goal=words("find it"),
                speech=words(f"It is here, {n}."),
                requested_at=DAY,
                updated_at=DAY,
            )
            for n in (1, 2)
        ]

    def deliveries(self, session_id: str) -> Sequence[DeliveryRecord]:
        def delivery(name: str, task: int, speech: str, state: DeliveryState) -> DeliveryRecord:
            return DeliveryRecord(
                delivery_id=name,
                subject_id="subject-1",
                session_id="session-1",
                task_id=f"task-{task}",
                topic=f"task-{task}",
                state=state,
                revision=1,
                attempts=1,
                speech=words(speech),
                created_at=DAY,
                updated_at=DAY,
            )

        return [
            delivery("d1", 1, "It is here, 1.", DeliveryState.HEARD),
            delivery("d2", 2, "A colleague is checking.", DeliveryState.HEARD),
            delivery("d3", 2, "It is here, 2.", DeliveryState.OWED),
        ]

    def last_summary(self, subject_id: str, composition: str, besides: str) -> ArtifactRecord | None:
        if subject_id != "subject-1":
            return None
        summary = Summary(session_id="old", summary=words("A call. " + "It was long. " * 400 + "The end."))
        return ArtifactRecord(
            artifact_id="a",
            session_id="old",
            subject_id=subject_id,
            kind="summary",
            body=words(summary.model_dump_json()),
            created_at=DAY,
        )


def said(number: int) -> str:
    return f"We decide number {number}." if number % 100 == 0 else f"Turn {number} is about nothing much, really."


def thinks(request: dict[str, Any]) -> str:
    """A model that finds decisions in a transcript, forgets every second one when it puts parts together, and cites
    one turn that never was."""
    asked = request["messages"][1]["content"]
    found = re.findall(r"^\[(t\d+)\] \w+: (We decide number \d+\.)$", asked, re.MULTILINE)
    for part in re.findall(r"^\{.*\}$", asked, re.MULTILINE):
        found += [(d["turn_ids"][0], d["text"]) for d in json.loads(part)["decisions"]][::2]
    return json.dumps(
        {
            "summary": f"{len(found)} decisions.",
            "decisions": [{"text": text, "turn_ids": [name, "t99999"], "task_id": None} for name, text in found],
            "action_items": [],
            "open_questions": [],
            "promises": [],
        }
    )


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ChatServer]:
    async with chat_server() as found:
        found.thinks = thinks
        yield found


async def test_a_call_of_1500_turns(server: ChatServer) -> None:
    archive = Archive()
    transcripts = TranscriptActivities(archive, {"desk": DESK})
    env = ActivityEnvironment()
    outline = await env.run(transcripts.outline, START)
    assert [o.told for o in outline.outcomes] == [True, False], "progress that was heard is not the outcome"
    async with openai.AsyncOpenAI(base_url=server.url, api_key="keyless", max_retries=0) as client:
        models = ModelActivities(client, {"desk": DESK}, {}, Trail())

        async def ask(**more: Any) -> Summary:
            request = SummaryRequest(**START.model_dump(), day=outline.day, **more)
            made: Summary = await env.run(models.summarize, request)
            return made

        archive.read.clear()
        read = [await env.run(transcripts.read, SpanRequest(session_id="session-1", span=s)) for s in outline.spans]
        assert [t.turn_id for piece in read for t in piece] == [f"t{n}" for n in range(TURNS)]
        assert archive.read == [s.count for s in outline.spans], "each piece reads its own turns"
        parts: list[Summary] = [await ask(turns=tuple(piece)) for piece in read]
        assert len(parts) > 5
        while len(parts) > 1:
            grouped = chunks.groups(parts, 400)
            last = outline.outcomes if len(grouped) == 1 else ()
            parts = [await ask(parts=group, outcomes=last) for group in grouped]
    [summary] = parts
    assert {d.text.body: d.turn_ids for d in summary.decisions} == {
        f"We decide number {n}.": (f"t{n}",) for n in range(0, TURNS, 100)
    }
    assert [item.task_id for item in summary.action_items] == ["task-2"], "done, and not told yet"
    sizes = [sum(tokens_of(m["content"]) for m in request["messages"]) for request in server.requests]
    assert max(sizes) < 2 * chunks.CHUNK_TOKENS


async def test_the_day_of_a_call_is_that_of_its_callers() -> None:
    for zone, day in (("UTC", DAY.date()), ("Pacific/Kiritimati", DAY.date() + timedelta(days=1))):
        there = DESK.model_copy(update={"time_zone": zone})
        late = Archive(1)
        late.spoken = [late.spoken[0].model_copy(update={"started_at": DAY.replace(hour=23)})]
        outline = await ActivityEnvironment().run(TranscriptActivities(late, {"desk": there}).outline, START)
        assert outline.day == day


async def test_what_the_last_call_came_to_is_told_with_its_day_and_in_few_words() -> None:
    transcripts = TranscriptActivities(Archive(0), {"desk": DESK})
    env = ActivityEnvironment()
    request = SummaryStart(session_id="session-1", subject_id="subject-1", composition="desk")
    told = await env.run(transcripts.last_call, request)
    assert told is not None and told.body.startswith("On Wednesday 2026-03-11: ") and told.body.endswith("The end.")
    assert tokens_of(told.body) < 250
    assert await env.run(transcripts.last_call, request.model_copy(update={"subject_id": "stranger"})) is None


@given(st.lists(st.integers(0, 3000), max_size=60), st.integers(100, 2000))
def test_any_transcript_is_cut_into_pieces_that_fit_and_none_is_missing(lengths: list[int], most: int) -> None:
    turns: list[Turn] = [turn(f"t{n}", "x" * length) for n, length in enumerate(lengths)]
    found = chunks.spans(turns, most)
    assert [n for s in found for n in range(s.first, s.first + s.count)] == list(range(len(turns)))
    for span in found:
        cost = sum(chunks.TURN_TOKENS + tokens_of("x" * n) for n in lengths[span.first : span.first + span.count])
        assert span.count and (cost <= most or span.count == 1)


@given(st.lists(st.integers(1, 4000), min_size=2, max_size=40), st.integers(100, 2000))
def test_every_round_of_putting_together_leaves_fewer_parts(lengths: list[int], most: int) -> None:
    parts = [Summary(session_id=str(n), summary=words("x" * length)) for n, length in enumerate(lengths)]
    found = chunks.groups(parts, most)
    assert [part for group in found for part in group] == parts
    assert len(found) < len(parts) and all(len(group) >= 2 for group in found)


def test_what_parts_decided_stays_and_is_told_once() -> None:
    def cited(text: str, *turn_ids: str) -> Cited:
        return Cited(text=words(text), turn_ids=turn_ids)

    def part(*decisions: Cited) -> Summary:
        return Summary(session_id="session-1", summary=words("A part."), decisions=decisions)

    parts = (part(cited("Paint the fence", "t1"), cited("Sell the car", "t2")), part(cited("paint the FENCE", "t7")))
    request = SummaryRequest(**START.model_dump(), day=DAY.date(), parts=parts)
    reworded = part(cited("The fence will be painted", "t1", "t7"))
    assert [(d.text.body, d.turn_ids) for d in settled(reworded, request).decisions] == [
        ("Sell the car", ("t2",)),
        ("The fence will be painted", ("t1", "t7")),
    ]
    kept = settled(part(), request).decisions
    assert [d.text.body for d in kept] == ["Paint the fence", "Sell the car"]
