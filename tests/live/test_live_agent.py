"""A model that fails is heard as words, never as silence; identifiers reach the voice spelled."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from live_samples import FACTS, state, support, until
from livekit import rtc
from livekit.agents import (
    Agent,
    AgentSession,
    APIConnectionError,
    APIStatusError,
    FlushSentinel,
    LanguageCode,
    ModelSettings,
    llm,
    stt,
)
from livekit.plugins import openai

from contracts.audit import AuditRecord
from contracts.phrases import Phrases
from contracts.task import TaskStage
from live.agent import Holding, VoiceAgent
from live.audio import without_lead
from live.auditing import Auditing
from live.config import Timings
from live.context import CallContext
from live.phrasebook import Phrasebook, chime
from live.thinking import ChatModels
from live.voices import Voices
from policy.breaker import Breaker

Node = Callable[..., AsyncIterator[Any]]


def says(text: str) -> llm.ChatChunk:
    return llm.ChatChunk(id="c", delta=llm.ChoiceDelta(role="assistant", content=text))


async def answers(*_: object) -> AsyncIterator[llm.ChatChunk]:
    yield says("Forty ")
    yield says("two.")


async def errs(*_: object) -> AsyncIterator[llm.ChatChunk]:
    raise APIStatusError("down", status_code=500)
    yield says("")


async def hangs(*_: object) -> AsyncIterator[llm.ChatChunk]:
    await asyncio.Event().wait()
    yield says("")


async def is_empty(*_: object) -> AsyncIterator[llm.ChatChunk]:
    yield llm.ChatChunk(id="c")


async def breaks(*_: object) -> AsyncIterator[llm.ChatChunk]:
    yield says("The answer is")
    raise APIConnectionError()


async def stalls(*_: object) -> AsyncIterator[llm.ChatChunk]:
    yield says("The answer is")
    await asyncio.Event().wait()


class Models:
    """Each call of the model takes the next behaviour; the last one stays."""

    def __init__(self, *nodes: Node) -> None:
        self.nodes = list(nodes)
        self.requests: list[llm.ChatContext] = []

    def __call__(self, _agent: Agent, chat_ctx: llm.ChatContext, *rest: object) -> AsyncIterator[Any]:
        self.requests.append(chat_ctx)
        return (self.nodes.pop(0) if len(self.nodes) > 1 else self.nodes[0])(chat_ctx, *rest)


PHRASES = Phrases(greeting="Guten Tag.", holding="Einen Moment bitte.", unanswered="Das weiss ich gerade nicht.")
HOLDING, UNANSWERED = PHRASES.holding, PHRASES.unanswered


class NobodyAsked:
    """No person is waited for."""

    def __init__(self, instead: str | None = None) -> None:
        self.heard: list[str] = []
        self.instead = instead

    waits = False

    def reply(self, words: str, *, over_speech: bool) -> str | None:
        return None

    def answered(self) -> None:
        self.heard.append("answered")

    def failed(self) -> str | None:
        self.heard.append("failed")
        return self.instead


def an_agent(
    phrases: Path,
    context: CallContext | None = None,
    not_offered: Callable[[str], None] = lambda _: None,
    holding: Holding | None = None,
    tools: list[llm.Tool] | None = None,
    models: ChatModels | None = None,
    noted: list[AuditRecord] | None = None,
    only_listens: Callable[[], object] = lambda: None,
) -> VoiceAgent:
    voice = openai.TTS(api_key="none", base_url="http://127.0.0.1:9")
    return VoiceAgent(
        instructions="Be kind.",
        history=llm.ChatContext.empty(),
        tools=tools or [],
        context=context or CallContext(),
        phrases=PHRASES,
        timings=Timings(first_token=0.1, second_try=0.1),
        models=models or ChatModels(),
        voices=Voices([voice], Phrasebook(phrases, "house"), patience=0.1),
        not_offered=not_offered,
        holding=holding or NobodyAsked(),
        auditing=Auditing(FACTS, support().role("voice"), (noted if noted is not None else []).append),
        only_listens=only_listens,
    )


async def reply(
    monkeypatch: pytest.MonkeyPatch,
    models: Models,
    context: CallContext | None = None,
    not_offered: Callable[[str], None] = lambda _: None,
    holding: Holding | None = None,
    second: ChatModels | None = None,
    noted: list[AuditRecord] | None = None,
) -> str:
    monkeypatch.setattr(Agent.default, "llm_node", models)
    agent = an_agent(Path("/nonexistent"), context or CallContext(), not_offered, holding, models=second, noted=noted)
    chat_ctx = llm.ChatContext.empty()
    chat_ctx.add_message(role="system", content="Be kind.")
    chat_ctx.add_message(role="user", content="hello")
    spoken = ""
    async with asyncio.timeout(2):
        async for chunk in agent.llm_node(chat_ctx, [], ModelSettings()):
            if isinstance(chunk, llm.ChatChunk):
                spoken += (chunk.delta.content or "") if chunk.delta else ""
            elif not isinstance(chunk, FlushSentinel):
                spoken += chunk
    assert len(chat_ctx.items) == 2, "the stored conversation is not touched"
    return spoken


async def test_a_model_that_works_is_passed_through(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await reply(monkeypatch, Models(answers)) == "Forty two."


@pytest.mark.parametrize("fault", [errs, hangs, is_empty])
async def test_one_failure_is_bridged_and_two_are_admitted(monkeypatch: pytest.MonkeyPatch, fault: Node) -> None:
    assert await reply(monkeypatch, Models(fault, answers)) == f"{HOLDING} Forty two."
    assert await reply(monkeypatch, Models(fault)) == f"{HOLDING}  {UNANSWERED}"


async def test_every_model_call_leaves_an_entry_with_its_exact_input(monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[AuditRecord] = []
    assert await reply(monkeypatch, Models(errs, answers), noted=noted) == f"{HOLDING} Forty two."
    assert [entry.action for entry in noted] == ["model.failed", "degraded.second_try", "model.answered"]
    first, _, second = noted
    assert (first.detail["error"], first.detail["attempt"], second.detail["attempt"]) == ("APIStatusError", 1, 2)
    assert json.loads(second.exhibits["input"].body)["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "hello"},
    ]
    assert json.loads(second.exhibits["output"].body)["content"] == "Forty two."
    assert "hello" not in second.model_dump_json(exclude={"exhibits"})


async def test_an_answer_that_nobody_waits_for_any_more_leaves_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[AuditRecord] = []
    monkeypatch.setattr(Agent.default, "llm_node", Models(answers))
    stream = an_agent(Path("/nonexistent"), noted=noted).llm_node(llm.ChatContext.empty(), [], ModelSettings())
    await anext(stream)
    await stream.aclose()
    assert [entry.action for entry in noted] == ["model.interrupted"]
    assert json.loads(noted[0].exhibits["output"].body)["content"] == "Forty "


class Second(llm.LLM[Any]):
    """A second model; counts how often it is asked."""

    def __init__(self, node: Node = answers) -> None:
        super().__init__()
        self.node, self.asked = node, 0

    @asynccontextmanager
    async def chat(self, **_: object) -> AsyncIterator[AsyncIterator[llm.ChatChunk]]:  # type: ignore[override]
        self.asked += 1
        yield self.node()


@pytest.mark.parametrize("fault", [errs, hangs, is_empty])
async def test_a_second_model_answers_and_is_asked_first_for_a_while(
    monkeypatch: pytest.MonkeyPatch, fault: Node
) -> None:
    first, model = Models(fault), Second()
    second = ChatModels(model, clock=lambda: 1.0)
    assert await reply(monkeypatch, first, second=second) == f"{HOLDING} Forty two."
    assert await reply(monkeypatch, first, second=second) == "Forty two."
    assert (len(first.requests), model.asked) == (1, 2)
    model.node = errs
    assert await reply(monkeypatch, first, second=second) == f"{HOLDING}  {UNANSWERED}"
    assert await reply(monkeypatch, first, second=second) == f" {UNANSWERED}", "nobody is asked: it is said at once"
    assert (len(first.requests), model.asked) == (1, 4)


async def test_the_only_model_rests_after_two_failures_and_is_tried_with_words_of_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Breaker, "open_seconds", 0.05)
    model, own = Models(errs), Second()
    own.node = errs
    only = ChatModels(own=own)
    assert await reply(monkeypatch, model, second=only) == f"{HOLDING}  {UNANSWERED}"
    assert await reply(monkeypatch, model, second=only) == f" {UNANSWERED}"
    assert len(model.requests) == 2, "the caller's second question was not sent"
    await until(lambda: own.asked)
    own.node, model.nodes = answers, [answers]
    await until(only.tries)
    assert await reply(monkeypatch, model, second=only) == "Forty two."


@pytest.mark.parametrize("fault", [breaks, stalls])
async def test_a_reply_that_breaks_off_is_not_begun_again(monkeypatch: pytest.MonkeyPatch, fault: Node) -> None:
    models = Models(fault, answers)
    assert await reply(monkeypatch, models) == f"The answer is {UNANSWERED}"
    assert len(models.requests) == 1


async def test_whoever_asks_people_learns_of_answers_and_of_their_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = NobodyAsked(instead="Ich hole jemanden.")
    assert await reply(monkeypatch, Models(errs), holding=nobody) == f"{HOLDING}  Ich hole jemanden."
    await reply(monkeypatch, Models(answers), holding=nobody)
    await reply(monkeypatch, Models(errs, answers), holding=nobody)
    assert nobody.heard == ["failed", "answered", "answered"]


async def test_a_tool_that_was_not_offered_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def calls(*_: object) -> AsyncIterator[llm.ChatChunk]:
        wanted = llm.FunctionToolCall(name="refund_order", arguments="{}", call_id="c1")
        yield llm.ChatChunk(id="c", delta=llm.ChoiceDelta(role="assistant", tool_calls=[wanted]))

    told: list[str] = []
    await reply(monkeypatch, Models(calls), not_offered=told.append)
    assert told == ["refund_order"]


async def test_states_are_in_the_request_after_the_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    context, models = CallContext(), Models(answers)
    context.task_changed(state("t1", TaskStage.RUNNING))
    await reply(monkeypatch, models, context)
    roles = [(item.role, item.text_content) for item in models.requests[0].messages()]
    assert [role for role, _ in roles] == ["system", "system", "user"]
    assert "being worked on" in (roles[1][1] or "")


async def test_without_a_voice_that_is_heard_in_scripted_words_or_a_chime(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def breaks_off(*_: object) -> AsyncIterator[rtc.AudioFrame]:
        yield tone(0.2, 5000)
        raise APIConnectionError()

    async def words() -> AsyncIterator[str]:
        yield "It will rain."

    monkeypatch.setattr(Agent.default, "tts_node", breaks_off)
    book = Phrasebook(tmp_path, "house")
    for heard in (len(chime()) // 2, 24_000):
        frames = [frame async for frame in an_agent(tmp_path).tts_node(words(), Any)]  # type: ignore[arg-type]
        assert sum(frame.samples_per_channel for frame in frames) == 4800 + heard
        book.make_missing(PHRASES, lambda _: tone(1.0, 3000).data.tobytes())


def tone(seconds: float, level: int) -> rtc.AudioFrame:
    samples = np.full(round(24_000 * seconds), level, np.int16)
    return rtc.AudioFrame(samples.tobytes(), 24_000, 1, len(samples))


async def stream(*frames: rtc.AudioFrame) -> AsyncIterator[rtc.AudioFrame]:
    for frame in frames:
        yield frame


async def length(*frames: rtc.AudioFrame) -> float:
    return round(sum([frame.duration async for frame in without_lead(stream(*frames))]), 3)


async def test_the_silence_before_the_first_sound_is_left_out_and_no_other() -> None:
    quiet, loud = tone(0.1, 20), tone(0.2, 5000)
    assert await length(quiet, quiet, quiet, loud, quiet, loud) == 0.5
    joined = np.concatenate([np.zeros(7200, np.int16), np.full(4800, 5000, np.int16)])
    assert await length(rtc.AudioFrame(joined.tobytes(), 24_000, 1, 12_000)) == 0.23, "30 ms are kept for the onset"
    assert await length(loud) == 0.2
    assert await length() == 0
    assert await length(*[quiet] * 15, loud) >= 0.7, "a long silence is meant"


async def test_the_turn_that_is_answered_is_known_before_it_is_recorded(tmp_path: Path) -> None:
    named: list[str] = []
    said: list[str | None] = []

    class Answers(NobodyAsked):
        def reply(self, words: str, *, over_speech: bool) -> str | None:
            named.append(agent.answers)
            said.extend(m.text_content for m in agent.conversation[-1:] if isinstance(m, llm.ChatMessage))
            return "All right."

    agent = an_agent(tmp_path, holding=Answers())
    async with AgentSession[None](llm=Second()) as session:
        await session.start(agent)
        for words in ("Wait.", "Go on."):
            await session.run(user_input=words)
        assert named == [message.id for message in agent.chat_ctx.messages() if message.role == "user"]
        assert said == ["Wait.", "Go on."] and agent.conversation == agent.chat_ctx.items


@pytest.mark.parametrize(
    ("waits", "speaking", "kept"),
    [(False, True, ["Stop.", "Where is it?"]), (True, True, None), (False, False, None)],
)
async def test_showing_that_one_listens_breaks_nothing_off_unless_it_may_be_an_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, waits: bool, speaking: bool, kept: list[str] | None
) -> None:
    said = ["Mm-hm.", "Stop.", "Okay.", "Where is it?"]

    async def recognised(*_: object) -> AsyncIterator[stt.SpeechEvent]:
        for words in said:
            for kind in (stt.SpeechEventType.INTERIM_TRANSCRIPT, stt.SpeechEventType.FINAL_TRANSCRIPT):
                yield stt.SpeechEvent(type=kind, alternatives=[stt.SpeechData(language=LanguageCode("en"), text=words)])
        yield stt.SpeechEvent(type=stt.SpeechEventType.END_OF_SPEECH)

    monkeypatch.setattr(Agent.default, "stt_node", recognised)
    speech = SimpleNamespace(interrupted=False) if speaking else None
    monkeypatch.setattr(VoiceAgent, "session", SimpleNamespace(current_speech=speech))
    holding, listened = NobodyAsked(), list[int]()
    holding.waits = waits
    agent = an_agent(tmp_path, holding=holding, only_listens=lambda: listened.append(1))

    async def nothing() -> AsyncIterator[rtc.AudioFrame]:
        return
        yield

    heard = [event async for event in agent.stt_node(nothing(), ModelSettings()) if isinstance(event, stt.SpeechEvent)]
    final = [e.alternatives[0].text for e in heard if e.type is stt.SpeechEventType.FINAL_TRANSCRIPT]
    assert final == (said if kept is None else kept)
    assert len(heard) == 2 * len(final) + 1 and len(listened) == len(said) - len(final)
