"""What a model or a rule decided is decided again from the audit trail alone."""

from __future__ import annotations

import json
from typing import Any

import openai
from activity_samples import DESK, OneTool, Trail, plan_request
from chat_server import chat_server
from temporalio.testing import ActivityEnvironment

from activities.models import ModelActivities
from contracts.composition import Composition
from workers.replaying import Again, again

PLAN = {"steps": [{"id": "s1", "role": "clerk", "goal": "look it up", "depends_on": []}]}
OTHER = {"steps": [{"id": "s1", "role": "clerk", "goal": "ask them", "depends_on": []}]}


def with_planner(**changes: Any) -> Composition:
    roles = tuple(r.model_copy(update=changes) if r.name == "planner" else r for r in DESK.roles)
    return DESK.model_copy(update={"roles": roles})


async def decided_again(composition: Composition, now: object, *, erased: bool = False) -> tuple[Again, list[Any]]:
    """A plan is made, and made again under that composition by a model that says `now`; and what was asked."""
    trail = Trail()
    async with (
        chat_server() as server,
        openai.AsyncOpenAI(base_url=server.url, api_key="keyless", max_retries=0) as chat,
    ):
        server.says(json.dumps(PLAN))
        models = ModelActivities(chat, {"desk": DESK}, {"desk": OneTool()}, trail)
        await ActivityEnvironment().run(models.plan, plan_request())
        [entry] = trail.entries
        server.says(json.dumps(now, indent=2))
        contents = {} if erased else {name: content.body for name, content in entry.exhibits.items()}
        made = await again(entry, contents, composition, chat)
        assert made is not None
        return made, server.requests


async def test_the_same_decision_in_another_spelling_is_the_same() -> None:
    made, [first, second] = await decided_again(DESK, PLAN)
    assert (made.differs, made.changed) == (None, []) and first == second


async def test_the_first_difference_is_shown() -> None:
    made, _ = await decided_again(DESK, OTHER)
    assert made.differs == 'content.steps[1].goal: was "look it up", is "ask them"'


async def test_what_was_erased_is_left_out() -> None:
    made, requests = await decided_again(DESK, PLAN, erased=True)
    assert made.left_out == "what the model was told was erased" and len(requests) == 1


async def test_a_changed_prompt_and_model_are_used_and_named() -> None:
    made, [first, second] = await decided_again(with_planner(instructions="Plan boldly.", model="house-2"), PLAN)
    assert [change.split(":")[0] for change in made.changed] == ["model", "prompt"]
    assert second["model"] == "house-2" and second["messages"][0]["content"].startswith("Plan boldly.")
    old = DESK.role("planner").instructions.strip()
    assert first["messages"][0]["content"].removeprefix(old) == second["messages"][0]["content"].removeprefix(
        "Plan boldly."
    )
