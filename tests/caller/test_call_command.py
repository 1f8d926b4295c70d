"""`greenroom call` says plainly what is wrong: no front door, no media server, nobody there, cut off."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from aiohttp import web

from workers.caller.caller import Caller
from workers.caller.errors import CallerError, FrontDoorError
from workers.caller.events import Heard, Said
from workers.caller.front_door import Invitation, ask_for_session
from workers.caller.speech import Speech
from workers.commands.call import converse

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Phone:
    """`answers` are what is heard after each thing said, the greeting first; None is silence."""

    def __init__(self, *answers: str | None, agents: int = 1) -> None:
        self.answers = list(answers)
        self.joined = [f"agent-{n}" for n in range(agents)]
        self.said: list[str] = []
        self.over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def agents(self) -> list[str]:
        return self.joined

    async def say(self, text: str) -> Said:
        self.said.append(text)
        return Said(text=text, started_at=NOW, ended_at=NOW)

    async def wait_heard(self, seconds: float) -> Heard | None:
        answer = self.answers.pop(0) if self.answers else None
        return None if answer is None else Heard(identity="agent-0", text=answer, started_at=NOW, ended_at=NOW)

    async def wait_left(self) -> str:
        return await self.over


async def test_everything_is_said_and_answered() -> None:
    phone = Phone("Hello.", "One.", "Two.")
    assert await converse(phone, ["a", "b"], 1, 1)
    assert phone.said == ["a", "b"]


async def test_an_unanswered_text_is_no_success() -> None:
    assert not await converse(Phone("Hello.", None, "Two."), ["a", "b"], 1, 0)
    assert not await converse(Phone(None, "One."), ["a"], 1, 0), "an agent that does not greet is given a chance"


async def test_nobody_there_is_told_before_anything_is_said() -> None:
    phone = Phone(None, agents=0)
    with pytest.raises(CallerError, match=r"nobody answered: no agent joined .* within 7 s\..*greenroom doctor"):
        await converse(phone, ["a"], 7, 0)
    assert phone.said == []


async def test_a_call_that_is_cut_off_ends_at_once() -> None:
    phone = Phone("Hello.")

    async def hears_nothing(_: float) -> None:
        phone.over.set_result("ROOM_DELETED")
        await asyncio.Event().wait()

    phone.wait_heard = hears_nothing  # type: ignore[assignment]
    async with asyncio.timeout(1):
        with pytest.raises(CallerError, match="ROOM_DELETED"):
            await converse(phone, ["a"], 60, 0)


@asynccontextmanager
async def server(answer: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    app = web.Application()
    app.add_routes([web.post("/sessions", answer)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield site.name
    await runner.cleanup()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9", "127.0.0.1:9", "http://[bad", "http://a b:x"])
async def test_no_front_door_is_told_with_the_fix(address: str) -> None:
    with pytest.raises(FrontDoorError, match=r"make dev.*--front-door"):
        await ask_for_session(address, composition="support", subject="s")


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (201, "<html>", "not as a front door does"),
        (201, "{}", "not as a front door does"),
        (404, '{"detail": "no composition \'x\'"}', "404: no composition 'x'"),
        (503, "Temporal is away", "503: Temporal is away"),
    ],
)
async def test_a_refusal_is_passed_on(status: int, body: str, words: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    async with server(answer) as url:
        with pytest.raises(FrontDoorError, match=words):
            await ask_for_session(url, composition="x", subject="s")


class Nobody:
    def transcribe(self, pcm: object) -> None: ...
    def synthesize(self, text: str) -> None: ...


async def test_no_media_server_is_told_with_its_address() -> None:
    invitation = Invitation(session_id="s", room="r", url="ws://127.0.0.1:9", token="x", identity="c")
    caller = Caller(invitation, Speech(Nobody(), Nobody()))  # type: ignore[arg-type]
    began = time.monotonic()
    with pytest.raises(CallerError, match=r"ws://127.0.0.1:9.*greenroom doctor"):
        await caller.join()
    assert time.monotonic() - began < 30
