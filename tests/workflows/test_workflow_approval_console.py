"""The reviewer's API over HTTP, as the page uses it, against a real Temporal server and real records."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from approval_compositions import PAIR
from desk_composition import DESK
from temporalio.client import Client
from test_workflow_approval import Gate, gated
from workflow_world import World, until

from console.access import Access
from console.app import create_app
from console.decisions import Decisions
from console.deps import Deps
from console.rooms import Rooms
from console.sessions import Sessions
from contracts.approval import ApprovalStage
from contracts.people import Person, PersonRole
from contracts.records import ReviewerRecord
from contracts.task import TaskStage
from store import people
from store.reader import RecordReader
from store.reviewers import add_reviewer
from workers.settings import load_settings
from workers.vault import open_store

PASSWORD = "a long enough password"


@dataclass
class Desk:
    """Browsers of reviewers who signed in; `carl` belongs to no group that may decide."""

    ann: httpx.AsyncClient
    ben: httpx.AsyncClient
    carl: httpx.AsyncClient

    @staticmethod
    async def decide(browser: httpx.AsyncClient, gate: Gate, verdict: str, **more: Any) -> dict[str, Any]:
        digest = more.pop("digest", None) or (await gate.view()).digest
        answer = await browser.post(
            f"/api/queue/{gate.approval_id}/decide", json={"verdict": verdict, "digest": digest, **more}
        )
        assert answer.status_code == 200, answer.text
        receipt: dict[str, Any] = answer.json()
        return receipt


@pytest.fixture(scope="module")
async def desk(stage: World) -> AsyncIterator[Desk]:
    async def connected() -> Client:
        return stage.client

    engine = open_store(load_settings(database_url=stage.database_url))
    sessions = Sessions(connected)
    rooms = Rooms("ws://rooms.test", "key", "a-secret-of-at-least-thirty-two-characters")
    app = create_app(
        Deps(
            rooms=rooms,
            sessions=sessions,
            records=RecordReader(engine),
            engine=engine,
            access=Access(engine),
            decisions=Decisions(sessions, engine),
            temporal_ui="http://ui.test",
            compositions={DESK.id: DESK, PAIR.id: PAIR},
        )
    )
    add_reviewer(engine, ReviewerRecord(name="carl", display_name="Carl", groups=("strangers",)))
    async with AsyncExitStack() as stack:

        async def signed_in(name: str) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app)
            browser = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://d.test"))
            roles = (PersonRole.REVIEWER,)
            people.add_person(engine, Person(name=name, display_name=name, roles=roles, reviewer=name))
            token = people.invite(engine, name, datetime.now(UTC))
            await browser.post("/api/welcome", json={"token": token, "password": PASSWORD})
            browser.headers["X-CSRF-Token"] = (await browser.get("/api/me")).json()["csrf_token"]
            return browser

        yield Desk(await signed_in("ann"), await signed_in("ben"), await signed_in("carl"))
    engine.dispose()


async def queued(browser: httpx.AsyncClient, gate: Gate) -> dict[str, Any] | None:
    items = (await browser.get("/api/queue")).json()["items"]
    return next((item for item in items if item["approval_id"] == gate.approval_id), None)


async def test_the_queue_shows_what_this_person_may_decide_and_who_claimed_it(stage: World, desk: Desk) -> None:
    gate = await gated(stage, amount=240)
    await gate.record(ApprovalStage.PENDING)
    item = await queued(desk.ann, gate)
    assert item is not None and item["risk"] == "high" and item["claimed_by"] is None
    assert await queued(desk.carl, gate) is None
    assert (await desk.carl.get(f"/api/queue/{gate.approval_id}")).status_code == 403
    receipt = await desk.decide(desk.ann, gate, "claim")
    assert receipt["accepted"], receipt

    async def claimed() -> bool | None:
        seen = await queued(desk.ben, gate)
        return True if seen is not None and seen["claimed_by"] == "ann" and not seen["mine"] else None

    await until(claimed)
    await desk.decide(desk.ann, gate, "reject", note="Too old.")
    await gate.record(ApprovalStage.REJECTED)
    assert await queued(desk.ann, gate) is None


async def test_an_item_says_all_that_is_needed_and_that_it_was_read(stage: World, desk: Desk) -> None:
    gate = await gated(stage, "pair", amount=240)
    await gate.record(ApprovalStage.PENDING)
    shown = (await desk.ann.get(f"/api/queue/{gate.approval_id}")).json()
    assert shown["item"]["action"] == "Refund 240 for order 7" and shown["arguments"]["amount"] == 240
    assert shown["standing"]["editable"]["amount"]["at_most"] == "original" and shown["refusal"] is None
    assert shown["outlook"]["rejected"] and shown["approval"]["context_pack"]["body"]
    assert shown["temporal_url"].startswith("http://ui.test/") and "approval%2F" in shown["temporal_url"]
    await desk.ann.get(f"/api/queue/{gate.approval_id}")
    lines = await asyncio.to_thread(stage.records.audit, shown["approval"]["session_id"])
    assert [line.actor for line in lines if line.action == "content.read"] == ["person:ann"], "one visit, one line"
    checked = await desk.ann.post(f"/api/queue/{gate.approval_id}/check", json={"arguments": {"amount": 100}})
    assert checked.json() == {"action": "Refund 100 for order 7", "fields": ["amount"], "refusal": None}
    checked = await desk.ann.post(f"/api/queue/{gate.approval_id}/check", json={"arguments": {"amount": 999}})
    assert "not be more than was asked for" in checked.json()["refusal"]
    await desk.decide(desk.ann, gate, "reject")


async def test_an_edit_by_one_and_the_yes_of_another(stage: World, desk: Desk) -> None:
    gate = await gated(stage, "pair", amount=240)
    await gate.record(ApprovalStage.PENDING)
    first = await desk.decide(desk.ann, gate, "approve", arguments={"amount": 100})
    assert first["accepted"] and "1 of 2" in first["reason"] and first["channel"] == "console"
    again = await desk.decide(desk.ann, gate, "approve")
    assert not again["accepted"] and "has approved already" in again["reason"], "four eyes"
    assert (await desk.decide(desk.ben, gate, "approve"))["accepted"]
    assert (await gate.result()).stage is TaskStage.DONE
    [call] = stage.tools.calls_of(gate.task_id)
    assert json.loads(call.arguments.body) == {"order": "7", "amount": 100}
    done = (await desk.ann.get("/api/queue?done=true")).json()["items"]
    assert gate.approval_id in [item["approval_id"] for item in done]


async def test_of_two_who_race_one_counts_and_the_other_is_told(stage: World, desk: Desk) -> None:
    gate = await gated(stage)
    await gate.record(ApprovalStage.PENDING)
    digest = (await gate.view()).digest
    both = await asyncio.gather(
        desk.decide(desk.ann, gate, "approve", digest=digest), desk.decide(desk.ben, gate, "reject", digest=digest)
    )
    assert sorted(receipt["accepted"] for receipt in both) == [False, True]
    [loser] = [receipt for receipt in both if not receipt["accepted"]]
    assert "already" in loser["reason"]
    await gate.result()
    await gate.handle.result()  # its grace is over too: nobody is there to judge any more
    late = await desk.decide(desk.ben, gate, "approve", digest=digest)
    assert not late["accepted"] and "too late" in late["reason"]
    noted = await asyncio.to_thread(stage.records.decisions, gate.approval_id)
    assert noted[-1].reviewer == "ben" and noted[-1].number == late["number"] and not noted[-1].accepted
