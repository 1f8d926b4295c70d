"""The front door: what it refuses, and what it does once."""

from __future__ import annotations

import httpx
import pytest
from system_backstage import Backstage
from system_stack import SUPPORT
from temporalio.client import Client

from contracts.names import new_id, session_workflow_id
from workers.caller.errors import FrontDoorError
from workers.caller.front_door import ask_for_session
from workers.stack.stack import Stack

pytestmark = pytest.mark.stack


async def test_an_unknown_composition_is_refused_with_those_that_are_known(stack: Stack, backstage: Backstage) -> None:
    before = len(backstage.records.sessions(limit=500))
    with pytest.raises(FrontDoorError) as refused:
        await ask_for_session(stack.env["GREENROOM_FRONT_DOOR_URL"], composition="sales", subject="p1")
    assert "422" in str(refused.value) and "'sales'" in str(refused.value) and SUPPORT in str(refused.value)
    assert len(backstage.records.sessions(limit=500)) == before


async def test_one_idempotency_key_is_one_session(stack: Stack, temporal: Client, backstage: Backstage) -> None:
    door, key, subject = stack.env["GREENROOM_FRONT_DOOR_URL"], new_id("key"), new_id("subject")
    first, again = [
        await ask_for_session(door, composition=SUPPORT, subject=subject, idempotency_key=key) for _ in range(2)
    ]
    other = await ask_for_session(door, composition=SUPPORT, subject=subject, idempotency_key=new_id("key"))
    assert first.session_id == again.session_id and first.room == again.room
    assert other.session_id != first.session_id
    for invitation in (first, other):
        await temporal.get_workflow_handle(session_workflow_id(invitation.session_id)).terminate("not needed")


async def test_a_subject_that_looks_like_a_person_is_refused(stack: Stack) -> None:
    async with httpx.AsyncClient(base_url=stack.env["GREENROOM_FRONT_DOOR_URL"], trust_env=False) as http:
        answer = await http.post("/sessions", json={"composition": SUPPORT, "subject": "Maria Lopez"})
    assert answer.status_code == 422 and "Lopez" not in answer.text
