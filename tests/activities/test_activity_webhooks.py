"""A webhook over a real connection: what is sent, how it is signed, which failure is tried again."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from activity_samples import DAY, DESK, SECRET, words
from aiohttp import web
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.webhooks import (
    DELIVERY_HEADER,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    WebhookActivities,
)
from contracts.composition import Composition, Deliveries, Webhook
from contracts.delivery import Delivery

KEY = "-".join(["a", "key", "of", "the", "test"])


class Receiver:
    def __init__(self) -> None:
        self.url = ""
        self.status = 204
        self.headers: dict[str, str] = {}
        self.got: list[tuple[dict[str, str], bytes]] = []

    async def answer(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, text=None if self.status == 204 else SECRET, headers=self.headers)

    def signed(self) -> list[bool]:
        """Whether each request that came is signed by who knows the key, checked as a receiver would."""
        found = []
        for headers, body in self.got:
            text = headers[TIMESTAMP_HEADER].encode() + b"." + body
            wanted = "v1=" + hmac.new(KEY.encode(), text, hashlib.sha256).hexdigest()
            found.append(hmac.compare_digest(wanted, headers[SIGNATURE_HEADER]))
        return found


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    app = web.Application()
    app.router.add_post("/hook", found.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    found.url = f"http://{host}:{port}/hook"
    try:
        yield found
    finally:
        await runner.cleanup()


def hooked(url: str) -> Composition:
    return DESK.model_copy(update={"deliveries": Deliveries(webhook=Webhook(url=url, secret_env="HOOK_SECRET"))})


DELIVERY = Delivery(
    delivery_id="task-1.outcome",
    subject_id="subject-1",
    session_id="session-1",
    task_id="task-1",
    topic="task-1",
    speech=words(f"{SECRET} is mended: 3.50 €."),
    created_at=DAY,
    composition="desk",
    expires_at=DAY + timedelta(days=1),
)


async def post(url: str, secret: str | None = KEY, composition: Composition | None = None) -> Any:
    async with httpx.AsyncClient(timeout=1.0, follow_redirects=False) as client:
        compositions = {"desk": composition or hooked(url)}
        activities = WebhookActivities(client, compositions, {"HOOK_SECRET": secret}.get)
        return await ActivityEnvironment().run(activities.post, DELIVERY)


async def failure(*args: Any) -> ApplicationError:
    with pytest.raises(ApplicationError) as caught:
        await post(*args)
    assert caught.value.__cause__ is None and SECRET not in str(caught.value) and KEY not in str(caught.value)
    return caught.value


async def test_an_outcome_arrives_signed_and_under_its_id(receiver: Receiver) -> None:
    assert await post(receiver.url) == 204
    assert await post(receiver.url) == 204, "a repeat is told by its id"
    assert receiver.signed() == [True, True]
    assert [h[DELIVERY_HEADER] for h, _ in receiver.got] == [h["Idempotency-Key"] for h, _ in receiver.got]
    headers, body = receiver.got[0]
    assert headers[DELIVERY_HEADER] == "task-1.outcome" and headers["Content-Type"] == "application/json"
    assert json.loads(body) == {
        "delivery_id": "task-1.outcome",
        "subject_id": "subject-1",
        "session_id": "session-1",
        "task_id": "task-1",
        "composition": "desk",
        "words": f"{SECRET} is mended: 3.50 €.",
        "created_at": "2026-03-11T09:00:00+00:00",
        "expires_at": "2026-03-12T09:00:00+00:00",
    }


async def test_another_key_makes_another_signature(receiver: Receiver) -> None:
    await post(receiver.url, "another key")
    assert receiver.signed() == [False]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422])
async def test_what_the_receiver_will_never_take_is_not_tried_again(receiver: Receiver, status: int) -> None:
    receiver.status = status
    error = await failure(receiver.url)
    assert (error.type, error.non_retryable, error.details) == ("WebhookRefused", True, (status,))


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503])
async def test_what_may_pass_is_tried_again(receiver: Receiver, status: int) -> None:
    receiver.status = status
    error = await failure(receiver.url)
    assert (error.type, error.non_retryable, error.details) == ("WebhookRefused", False, (status,))
    assert len(receiver.got) == 1, "the client does not retry; Temporal does"


async def test_what_was_said_goes_nowhere_else(receiver: Receiver) -> None:
    receiver.status, receiver.headers = 307, {"Location": f"{receiver.url}?elsewhere"}
    assert (await failure(receiver.url)).non_retryable is False
    assert len(receiver.got) == 1


async def test_a_receiver_that_is_away_and_a_secret_that_is_missing_name_the_fix(receiver: Receiver) -> None:
    away = await failure("http://127.0.0.1:9/hook")
    assert (away.type, away.non_retryable) == ("WebhookUnavailable", False)
    missing = await failure(receiver.url, None)
    assert (missing.type, missing.non_retryable) == ("WebhookMisconfigured", False) and "HOOK_SECRET" in str(missing)
    removed = await failure(receiver.url, KEY, DESK)
    assert removed.type == "WebhookMisconfigured" and not receiver.got
