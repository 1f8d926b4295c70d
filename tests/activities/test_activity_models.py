"""Model activities over a real connection: what is sent, what an answer becomes, which failure is tried again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import openai
import pytest
import pytest_asyncio
from activity_samples import DESK, NOBODY, SECRET, SPEC, OneTool, Trail, plan_request, summary_request, think_request
from chat_server import ECHO, ChatServer, chat_server
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities import plans, recorded
from activities.models import ModelActivities
from activities.tools import ToolCaller
from contracts.audit_events import prompt_version
from contracts.summary import Owner

REGISTRIES: dict[str, ToolCaller] = {"desk": OneTool(), "nobody": OneTool()}
PLAN = {
    "steps": [
        {
            "id": "s1",
            "role": "clerk",
            "goal": "look it up",
            "depends_on": [],
            "capabilities": ["orders.read"],
            "wait_for": None,
        }
    ]
}
ITEM = {
    "text": "send it",
    "owner": "agent",
    "due_words": "by Friday",
    "due_date": "2026-03-13",
    "turn_ids": ["t2"],
    "task_id": None,
}
SUMMARY = {
    "summary": "A call.",
    "decisions": [{"text": "yes", "turn_ids": ["t1"], "task_id": None}],
    "action_items": [ITEM],
    "open_questions": [],
    "promises": [],
}


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ChatServer]:
    async with chat_server() as found:
        yield found


@pytest.fixture
def trail() -> Trail:
    return Trail()


@pytest_asyncio.fixture
async def models(server: ChatServer, trail: Trail) -> AsyncIterator[ModelActivities]:
    async with openai.AsyncOpenAI(base_url=server.url, api_key="keyless", max_retries=0, timeout=0.5) as client:
        yield ModelActivities(client, {"desk": DESK, "nobody": NOBODY}, REGISTRIES, trail)


async def run(activity: Any, request: Any) -> Any:
    return await ActivityEnvironment().run(activity, request)


async def test_a_plan_is_asked_for_in_its_schema_and_read(models: ModelActivities, server: ChatServer) -> None:
    server.says(json.dumps(PLAN))
    plan = await run(models.plan, plan_request())
    assert [(s.step_id, s.role, s.goal.body, s.goal.subject_id) for s in plan.steps] == [
        ("s1", "clerk", "look it up", "subject-1")
    ]
    [sent] = server.requests
    assert sent["model"] == "house-1" and '"lookup"' in sent["messages"][0]["content"]
    asked = {"name": "plan", "schema": plans.schema(DESK, {"clerk": (SPEC,)}), "strict": True}
    assert sent["response_format"]["json_schema"] == asked


async def test_a_thought_with_calls_and_one_with_an_answer(models: ModelActivities, server: ChatServer) -> None:
    server.says(
        tool_calls=[{"id": "call_1", "type": "function", "function": {"name": "lookup", "arguments": '{"order":'}}]
    )
    thought = await run(models.think, think_request())
    assert [(c.call_id, c.tool, c.arguments.body) for c in thought.calls] == [("call_1", "lookup", '{"order":')]
    assert thought.answer is None and (thought.tokens_in, thought.tokens_out) == (11, 7)
    server.says("It was sent.")
    answered = await run(models.think, think_request())
    assert answered.answer is not None and answered.answer.body == "It was sent." and not answered.calls
    assert answered.input_digest == thought.input_digest and len(answered.input_digest) == 64
    assert [t["function"]["name"] for t in server.requests[0]["tools"]] == ["lookup"]


async def test_a_role_without_tools_is_offered_none(models: ModelActivities, server: ChatServer) -> None:
    server.says("Fine.")
    await run(models.think, think_request("planner"))
    assert "tools" not in server.requests[0]


async def test_a_summary_is_read(models: ModelActivities, server: ChatServer) -> None:
    server.says(json.dumps(SUMMARY))
    summary = await run(models.summarize, summary_request())
    assert summary.summary.body == "A call." and summary.decisions[0].turn_ids == ("t1",)
    item, told = summary.action_items
    assert (item.owner, item.due, item.turn_ids) == (Owner.AGENT, date(2026, 3, 13), ("t2",))
    assert item.due_words is not None and item.due_words.body == "by Friday"
    assert (told.task_id, told.owner) == ("task-1", Owner.AGENT), "done, and not told to the caller yet"


async def test_a_summary_stands_as_far_as_the_call_bears_it_out(models: ModelActivities, server: ChatServer) -> None:
    made_up = {"text": "the moon is made of cheese", "turn_ids": ["t9", "turn"], "task_id": "task-9"}
    bracketed = {"text": "where it is", "turn_ids": ["[T1]", "t9"], "task_id": None}
    uncited = {"text": "it will be sent by Friday", "turn_ids": [], "task_id": None}
    done = {**ITEM, "text": "find it", "task_id": "task-1", "due_date": "Friday", "due_words": None, "owner": None}
    server.says(
        json.dumps(
            {**SUMMARY, "decisions": [made_up], "open_questions": [bracketed], "promises": [uncited],
             "action_items": [done]}
        )
    )  # fmt: skip
    request = summary_request()
    told = request.outcomes[0].model_copy(update={"told": True})
    summary = await run(models.summarize, request.model_copy(update={"outcomes": (told,)}))
    assert summary.decisions == () and summary.action_items == ()
    assert [q.turn_ids for q in summary.open_questions] == [("t1",)]
    assert [p.turn_ids for p in summary.promises] == [("t2",)]
    server.says(json.dumps({**SUMMARY, "action_items": [done]}))
    [item] = (await run(models.summarize, request)).action_items
    assert (item.task_id, item.due, item.owner) == ("task-1", None, None), "a date that is none is no date"


async def failure(models: ModelActivities, activity: str = "plan") -> ApplicationError:
    requests = {"plan": plan_request(), "think": think_request(), "summarize": summary_request()}
    with pytest.raises(ApplicationError) as caught:
        await run(getattr(models, activity), requests[activity])
    error = caught.value
    assert error.__cause__ is None, "a cause goes to the history with whatever it repeats"
    assert SECRET not in str(error) and SECRET not in repr(error)
    return error


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
async def test_our_own_fault_is_not_tried_again(models: ModelActivities, server: ChatServer, status: int) -> None:
    server.fails(status, f'{{"error":{{"message":"you sent {ECHO}"}}}}')
    error = await failure(models)
    assert (error.type, error.non_retryable) == ("ModelRefused", True) and str(status) in str(error)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
async def test_what_may_pass_is_tried_again(models: ModelActivities, server: ChatServer, status: int) -> None:
    server.fails(status, ECHO, "text/plain")
    error = await failure(models)
    assert (error.type, error.non_retryable) == ("ModelRefused", False)
    assert len(server.requests) == 1, "the client does not retry; Temporal does"


GARBAGE = [
    ("<html>busy</html>", "text/html"),
    ("{broken", "application/json"),
    ("[]", "application/json"),
    ("{}", "application/json"),
    ('{"choices":[]}', "application/json"),
    ('{"choices":[{"index":0}]}', "application/json"),
    ('{"choices":[{"index":0,"message":null}]}', "application/json"),
]


@pytest.mark.parametrize(("body", "content_type"), GARBAGE)
@pytest.mark.parametrize("activity", ["plan", "think", "summarize"])
async def test_an_answer_that_is_none(
    models: ModelActivities, server: ChatServer, activity: str, body: str, content_type: str
) -> None:
    server.fails(200, body, content_type)
    error = await failure(models, activity)
    assert (error.type, error.non_retryable) == ("ModelMalformed", False)


@pytest.mark.parametrize(
    ("activity", "content"),
    [
        ("plan", None),
        ("plan", SECRET),
        ("plan", "[]"),
        ("plan", '{"steps":null}'),
        ("plan", '{"steps":[{"id":"s1"}]}'),
        ("plan", json.dumps({"steps": [{**PLAN["steps"][0], "depends_on": "s0"}]})),
        ("plan", json.dumps({"steps": [{**PLAN["steps"][0], "goal": {"words": SECRET}}]})),
        ("summarize", "{}"),
        ("summarize", json.dumps({**SUMMARY, "action_items": [{**ITEM, "owner": [SECRET]}]})),
        ("summarize", json.dumps({**SUMMARY, "decisions": [{"text": "yes", "turn_ids": None, "task_id": None}]})),
        ("summarize", json.dumps({**SUMMARY, "summary": None})),
    ],
)
async def test_content_of_another_shape(
    models: ModelActivities, server: ChatServer, activity: str, content: str | None
) -> None:
    server.says(content)
    error = await failure(models, activity)
    assert (error.type, error.non_retryable) == ("ModelMalformed", False)


async def test_a_tool_call_of_another_shape(models: ModelActivities, server: ChatServer) -> None:
    server.says(tool_calls=[{"id": "call_1", "type": "function", "function": {"name": "lookup", "arguments": None}}])
    assert (await failure(models, "think")).type == "ModelMalformed"


async def test_a_call_is_in_the_audit_trail_before_its_answer_is_used(
    models: ModelActivities, server: ChatServer, trail: Trail
) -> None:
    trail.away = 1
    server.says(json.dumps(PLAN))
    await run(models.plan, plan_request())
    [entry] = trail.entries
    assert entry.action == "model.answered" and entry.actor == "role:planner"
    assert entry.detail["purpose"] == "plan" and entry.detail["prompt"] == prompt_version(
        DESK.role("planner").instructions
    )
    assert json.loads(entry.exhibits["input"].body)["messages"] == server.requests[-1]["messages"]
    assert json.loads(json.loads(entry.exhibits["output"].body)["content"]) == PLAN
    said = entry.model_dump_json(exclude={"exhibits"})
    assert plan_request().task.goal.body not in said


async def test_a_failed_call_is_in_the_audit_trail(models: ModelActivities, server: ChatServer, trail: Trail) -> None:
    server.fails(503)
    await failure(models)
    [entry] = trail.entries
    assert (entry.action, entry.detail["error"]) == ("model.failed", "ModelRefused")


async def test_an_answer_that_cannot_be_audited_is_not_used(
    models: ModelActivities, server: ChatServer, trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "PATIENCE", 0.2)
    trail.away = 99
    server.says(json.dumps(PLAN))
    error = await failure(models)
    assert (error.type, error.non_retryable) == ("AuditUnavailable", False)


async def test_a_service_that_hangs_or_is_away(models: ModelActivities, server: ChatServer) -> None:
    server.hangs = True
    error = await failure(models)
    assert (error.type, error.non_retryable) == ("ModelUnavailable", False)
    async with openai.AsyncOpenAI(base_url="http://127.0.0.1:9/v1", api_key="k", max_retries=0) as client:
        away = await failure(ModelActivities(client, {"desk": DESK}, REGISTRIES, Trail()))
    assert (away.type, away.non_retryable) == ("ModelUnavailable", False)


async def test_what_this_worker_does_not_know_is_not_tried_again(models: ModelActivities) -> None:
    for activity, request, kind in (
        (models.plan, plan_request("elsewhere"), "UnknownComposition"),
        (models.plan, plan_request("nobody"), "UnknownRole"),
        (models.summarize, summary_request("nobody"), "UnknownRole"),
        (models.think, think_request("pirate"), "UnknownRole"),
    ):
        with pytest.raises(ApplicationError) as caught:
            await run(activity, request)
        assert (caught.value.type, caught.value.non_retryable) == (kind, True)
