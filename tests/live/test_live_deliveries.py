"""The desk says what is owed at a pause, and reports only what became of it."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from live_samples import FACTS, support, until, words
from livekit.agents import AgentSession, llm

from contracts.delivery import DeliveryOutcome, DeliveryReport, Offer
from contracts.task import TaskOrder
from live.answering import Answering
from live.deliveries import Deliveries
from live.outbox import Sent
from live.steering import Steering
from policy.readback import ReadBack


class Handle:
    """A speech whose end the test decides."""

    def __init__(self) -> None:
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.interrupted = False
        self.chat_items: list[Any] = []

    def __await__(self) -> Any:
        return self.over.__await__()

    def exception(self) -> None:
        return None


class Session:
    def __init__(self) -> None:
        self.pause = asyncio.Event()
        self.said: list[str] = []
        self.handles: list[Handle] = []

    async def wait_for_idle(self) -> None:
        await self.pause.wait()

    def say(self, text: str) -> Handle:
        self.said.append(text)
        self.handles.append(Handle())
        return self.handles[-1]


class World:
    def __init__(self) -> None:
        self.session = Session()
        self.reports: list[tuple[str, str, int, DeliveryOutcome]] = []
        self.told: list[DeliveryReport] = []
        self.reachable, self.failures = True, 0
        self.abouts: list[str] = []
        self.desk = Deliveries(
            cast("AgentSession[None]", self.session),
            self,
            support().phrases,
            session_id="session-1",
            reachable=lambda: self.reachable,
            failures=lambda: self.failures,
            about=self.abouts.append,
        )
        self.running = asyncio.create_task(self.desk.run())

    def report(self, subject_id: str, report: DeliveryReport) -> None:
        self.told.append(report)
        self.reports.append((subject_id, report.delivery_id, report.attempt, report.outcome))

    async def saying(self, count: int) -> Handle:
        await until(lambda: len(self.session.handles) == count)
        return self.session.handles[-1]


def offer(
    number: int, *, carried: bool = False, attempt: int = 1, ephemeral: bool = False, asks: bool = False
) -> Offer:
    return Offer(
        delivery_id=f"d{number}",
        attempt=attempt,
        session_id="session-1",
        task_id="t",
        topic="t",
        speech=words(f"news {number}"),
        carried=carried,
        ephemeral=ephemeral,
        asks=asks,
    )


@pytest.fixture
async def world() -> Any:
    made = World()
    yield made
    made.running.cancel()
    await asyncio.gather(made.running, return_exceptions=True)


async def test_nothing_is_said_before_a_pause_and_then_only_the_newest_news(world: World) -> None:
    world.desk.offered(offer(1, ephemeral=True))
    await asyncio.sleep(0)
    world.desk.offered(offer(2, ephemeral=True))
    assert world.session.said == []
    world.session.pause.set()
    await world.saying(1)
    assert world.session.said == ["news 2"]


async def test_played_is_reported_at_once_and_heard_only_with_a_sign_of_life(world: World) -> None:
    world.session.pause.set()
    world.desk.offered(offer(1))
    handle = await world.saying(1)
    world.desk.sign_of_life()
    assert world.reports == []
    handle.over.set_result(None)
    await until(lambda: world.reports)
    assert world.reports == [("subject-1", "d1", 1, DeliveryOutcome.PLAYED)]
    world.desk.sign_of_life()
    world.desk.sign_of_life()
    assert world.reports[1:] == [("subject-1", "d1", 1, DeliveryOutcome.HEARD)]


@pytest.mark.parametrize(
    ("what", "outcome"),
    [
        ("interrupted", DeliveryOutcome.INTERRUPTED),
        ("dropped", DeliveryOutcome.INTERRUPTED),
        ("lost synthesis", DeliveryOutcome.FAILED),
    ],
)
async def test_what_was_not_played_to_the_end_is_never_heard(world: World, what: str, outcome: DeliveryOutcome) -> None:
    world.session.pause.set()
    world.desk.offered(offer(1))
    handle = await world.saying(1)
    handle.interrupted = what == "interrupted"
    world.reachable = what != "dropped"
    world.failures += what == "lost synthesis"
    handle.over.set_result(None)
    await until(lambda: world.reports)
    world.desk.sign_of_life()
    assert [report[-1] for report in world.reports] == [outcome]
    world.desk.offered(offer(1, attempt=2))
    await world.saying(2)


async def test_what_is_owed_from_an_earlier_call_is_introduced_once(world: World) -> None:
    world.session.pause.set()
    for number in (1, 2):
        world.desk.offered(offer(number, carried=True))
        (await world.saying(number)).over.set_result(None)
    assert world.session.said == [support().phrases.welcome_back.format(news="news 1"), "news 2"]


async def test_who_is_told_to_stop_says_and_reports_nothing_more(world: World) -> None:
    world.desk.offered(offer(1))
    await asyncio.sleep(0)
    world.desk.stop()
    world.session.pause.set()
    world.desk.offered(offer(2))
    for _ in range(5):
        await asyncio.sleep(0)
    assert world.session.said == [] and world.reports == [], "it stays owed"


async def test_a_withdrawn_offer_is_not_said_though_the_pause_comes(world: World) -> None:
    world.desk.offered(offer(1))
    await asyncio.sleep(0)
    world.desk.withdrawn("d1")
    world.session.pause.set()
    world.desk.offered(offer(2))
    await world.saying(1)
    assert world.session.said == ["news 2"]


async def test_what_was_said_before_an_interruption_is_reported_and_the_rest_is_introduced() -> None:
    world = World()
    world.session.pause.set()
    world.desk.offered(offer(1))
    handle = await world.saying(1)
    handle.interrupted = True
    handle.chat_items.append(llm.ChatMessage(role="assistant", content=["news"]))
    handle.over.set_result(None)
    await until(lambda: len(world.told) == 1)
    assert world.told[0].spoken == words("news") and world.told[0].reason is None
    world.desk.offered(offer(1, attempt=2).model_copy(update={"resumed": True}))
    await world.saying(2)
    assert world.session.said[-1] == "As I was saying: news 1"
    world.running.cancel()


async def test_a_speech_without_a_voice_says_why() -> None:
    world = World()
    world.session.pause.set()
    world.desk.offered(offer(1))
    handle = await world.saying(1)
    world.failures += 1
    handle.over.set_result(None)
    await until(lambda: len(world.told) == 1)
    assert (world.told[0].outcome, world.told[0].reason) == (DeliveryOutcome.FAILED, "no voice")
    world.running.cancel()


class Nowhere:
    away = False

    def order(self, order: TaskOrder) -> asyncio.Future[Sent]:
        raise AssertionError("no order was meant")


class NobodyWaited:
    held: str | None = None

    def reply(self) -> str | None:
        return self.held

    def answered(self) -> None: ...

    def failed(self) -> str | None:
        return None


async def test_the_answer_to_a_question_is_thanked_for_once_and_only_when_it_was_heard() -> None:
    world = World()
    world.session.pause.set()
    waiting = NobodyWaited()
    steering = Steering(FACTS, support(), Nowhere(), ReadBack(), turn=lambda: "turn-1", say=lambda _: None)
    answering = Answering(waiting, steering, world.desk, ReadBack())
    world.desk.offered(offer(1, asks=True))
    handle = await world.saying(1)
    assert answering.reply("forty two", over_speech=False) is None, "it is still being said"
    handle.interrupted = True
    handle.over.set_result(None)
    await until(lambda: len(world.reports) == 1)
    assert answering.reply("forty two", over_speech=False) is None, "a question that was barged over has no answer yet"
    world.desk.offered(offer(1, attempt=2, asks=True))
    (await world.saying(2)).over.set_result(None)
    await until(lambda: len(world.reports) == 2)
    waiting.held = ""
    assert answering.reply("forty two", over_speech=False) == "", "who waits for a person is answered about that"
    waiting.held = None
    assert answering.reply("forty two", over_speech=False) == support().phrases.answered
    assert answering.reply("forty two", over_speech=False) is None
    world.desk.offered(offer(2))
    (await world.saying(3)).over.set_result(None)
    await until(lambda: len(world.reports) == 3)
    assert answering.reply("forty two", over_speech=False) is None, "news asks for nothing"
    world.running.cancel()
