"""A caller who asks for a person: the agent pauses, knows what it is told, and never waits for ever."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from live_samples import FACTS, NOW, support, until, words
from livekit.agents import AgentSession, APIConnectOptions, llm
from test_live_agent import NobodyAsked, an_agent
from test_live_context import snapshot
from test_live_context import told as block

from contracts.composition import Composition
from contracts.escalation import (
    CallEscalation,
    EscalationCause,
    EscalationRequest,
    EscalationRules,
    EscalationStage,
)
from contracts.events import EscalationNews, EscalationRequested, Event, SessionEnding
from contracts.ladder import Fallback, Rung, RungKind
from live.context import CallContext
from live.escalation import DESCRIPTION, NAME, PARAMETERS, Escalating
from live.toolbelt import person_tool
from policy.pause import SLACK
from tests.inference.house.dialogue import Dialogue, calls

RULES = EscalationRules(ladder=(Rung(after_seconds=60, kind=RungKind.FALLBACK, fallback=Fallback.GO_ON),), failures=2)
DESK = support().model_copy(update={"escalation": RULES})


class Call:
    """Everything around one call's escalations, as the agent has it."""

    def __init__(self, composition: Composition = DESK) -> None:
        self.away = False
        self.phrases = composition.phrases
        self.requests: list[EscalationRequest] = []
        self.said: list[str] = []
        self.room: list[Event] = []
        self.silenced = 0
        self.turn = "turn-1"
        self.escalating = Escalating(
            FACTS,
            composition,
            self,
            speech=lambda: ("caller: a person, please", self.turn),
            say=self.said.append,
            tell_room=self.room.append,
            silence=self._silence,
        )

    def escalate(self, request: EscalationRequest) -> None:
        self.requests.append(request)

    def _silence(self) -> None:
        self.silenced += 1

    def hears(self, told: CallEscalation, number: int = 1) -> None:
        kind = EscalationRequested if told.stage is EscalationStage.OPEN and told.rung is None else EscalationNews
        self.escalating.on(event(kind(escalation=told), number))


def event(payload: Any, number: int = 1) -> Event:
    return Event(event_id=f"s.{number}", session_id="s", role="session", sequence=number, at=NOW, payload=payload)


def told(stage: EscalationStage, revision: int, *, name: str = "e1", note: str | None = None) -> CallEscalation:
    return CallEscalation(
        escalation_id=name,
        cause=EscalationCause.CALLER,
        stage=stage,
        revision=revision,
        deadline=datetime.now(UTC) + timedelta(seconds=60),
        reason=words("wants a person"),
        summary=words("caller: a person, please"),
        recommended=words("Take the call over."),
        note=words(note) if note else None,
    )


async def test_the_caller_asks_and_everything_is_told_whom_it_concerns() -> None:
    call = Call()
    assert json.loads(await call.escalating("He wants a manager.")) == {"status": "asked"}
    [request] = call.requests
    assert request.cause is EscalationCause.CALLER and request.reason.body == "He wants a manager."
    assert request.summary.body == "caller: a person, please" and request.rules == RULES
    assert [call.escalating.reply() for _ in range(3)] == [call.phrases.person_called, call.phrases.on_hold, ""]
    call.hears(told(EscalationStage.OPEN, 1, name=request.escalation_id))
    assert call.said == [] and len(call.room) == 1, "the room is told, the caller was"
    call.hears(told(EscalationStage.RESUMED, 2, name=request.escalation_id))
    assert call.said == [call.phrases.person_helped] and call.escalating.reply() is None
    call.escalating.on(event(SessionEnding(reason="over")))
    assert len(call.room) == 2


async def test_while_nobody_can_be_reached_nobody_is_waited_for() -> None:
    call = Call()
    call.away = True
    assert json.loads(await call.escalating("")) == {"say": call.phrases.backstage_away}
    assert len(call.requests) == 1 and call.escalating.reply() is None
    call.away = False
    call.hears(told(EscalationStage.OPEN, 1, name=call.requests[0].escalation_id))
    assert call.said == [call.phrases.person_called] and call.escalating.reply() == call.phrases.on_hold


async def test_a_person_is_asked_when_again_and_again_no_model_answers() -> None:
    call = Call()
    assert call.escalating.failed() is None
    call.escalating.answered()
    assert call.escalating.failed() is None, "in a row"
    call.turn = "turn-2"
    assert call.escalating.failed() == call.phrases.person_called
    assert [r.cause for r in call.requests] == [EscalationCause.FAILURE] and call.escalating.pause.held
    without = Call(support().model_copy(update={"escalation": None}))
    assert [without.escalating.failed() for _ in range(5)] == [None] * 5 and not without.requests
    assert not without.escalating.offered and call.escalating.offered


async def test_a_person_who_takes_over_is_not_talked_over() -> None:
    call = Call()
    call.hears(told(EscalationStage.OPEN, 1))
    call.escalating.tell("Your refund is on its way.")
    call.hears(told(EscalationStage.TAKEN_OVER, 2), 2)
    call.escalating.tell("And another thing.")
    assert call.said == [call.phrases.person_called, "Your refund is on its way.", call.phrases.person_here]
    assert call.silenced == 1 and call.escalating.reply() == ""


async def test_an_end_that_nobody_heard_comes_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy.pause.SLACK", timedelta(seconds=0.05))
    last = Rung(after_seconds=0.05, kind=RungKind.FALLBACK, fallback=Fallback.GO_ON)
    call = Call(DESK.model_copy(update={"escalation": RULES.model_copy(update={"ladder": (last,)})}))
    await call.escalating("")
    assert call.escalating.pause.held
    await until(lambda: call.said)
    assert call.said == [call.phrases.nobody_came] and call.escalating.reply() is None


async def test_an_agent_that_is_dispatched_anew_stays_paused_and_knows() -> None:
    call = Call()
    call.escalating.take(snapshot(escalations=(told(EscalationStage.OPEN, 3),)))
    assert call.escalating.reply() == call.phrases.on_hold and call.escalating.reply() == ""
    assert call.escalating.pause.until is not None and call.escalating.pause.until > datetime.now(UTC) + SLACK
    gone = Call()
    gone.escalating.take(snapshot(escalations=(told(EscalationStage.TAKEN_OVER, 3),)))
    assert gone.silenced == 1 and gone.escalating.reply() == ""


def test_what_the_reviewer_told_is_in_every_request_from_then_on() -> None:
    context = CallContext()
    context.take(snapshot(escalations=(told(EscalationStage.OPEN, 1),)))
    assert block(context) == ""
    context.escalation_changed(told(EscalationStage.RESUMED, 2, note="He has a voucher."))
    context.escalation_changed(told(EscalationStage.OPEN, 1))
    assert block(context) == 'A colleague looked at this call and tells you: "He has a voucher."'
    context.escalation_changed(told(EscalationStage.EXPIRED, 2, name="e2"))
    assert "none was free" in block(context)


@pytest.mark.parametrize(
    "wish",
    ["I want to speak to a person", "Can I talk to a human please?", "I would like to speak to a colleague of yours."],
)
def test_whoever_wishes_for_a_person_is_understood_and_nobody_else(wish: str) -> None:
    offered = {"name": NAME, "description": DESCRIPTION, "parameters": PARAMETERS}
    tools = [{"type": "function", "function": tool} for tool in (offered, *LOOK_UPS)]
    instructions = support().role("voice").instructions
    assert [name for name, _ in calls(Dialogue(instructions, tools).say(wish))] == [NAME]
    for other in ("Where is my order number 417?", "What are your opening hours on Saturdays?", "Thank you, goodbye."):
        assert NAME not in [name for name, _ in calls(Dialogue(instructions, tools).say(other))]


LOOK_UPS = (
    {
        "name": "lookup_order",
        "description": "Look up an order: its item, its status and its amount.",
        "parameters": {
            "type": "object",
            "properties": {"order_id": {"type": "string", "description": "Order number, digits only"}},
            "required": ["order_id"],
        },
    },
)


class Model(llm.LLM):
    """Calls `ask_for_person` when it hears of a person, else answers with words; keeps count."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def chat(self, *, chat_ctx: llm.ChatContext, tools: list[llm.Tool] | None = None, **_: Any) -> llm.LLMStream:
        self.asked += 1
        return _Answer(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=APIConnectOptions())


class _Answer(llm.LLMStream):
    async def _run(self) -> None:
        last = self._chat_ctx.messages()[-1].text_content or ""
        delta = llm.ChoiceDelta(role="assistant", content="Of course.")
        if "person" in last:
            wanted = llm.FunctionToolCall(name="ask_for_person", arguments='{"reason": "asks"}', call_id="c1")
            delta = llm.ChoiceDelta(role="assistant", tool_calls=[wanted])
        self._event_ch.send_nowait(llm.ChatChunk(id="c", delta=delta))


class Held(NobodyAsked):
    """Answers as the escalation does."""

    def __init__(self, escalating: Escalating) -> None:
        super().__init__()
        self._escalating = escalating

    def reply(self, words: str, *, over_speech: bool) -> str | None:
        return self._escalating.reply()


@asynccontextmanager
async def conversation(call: Call, model: Model, folder: Path) -> AsyncIterator[AgentSession[None]]:
    agent = an_agent(folder, holding=Held(call.escalating), tools=[person_tool(call.escalating)])
    async with AgentSession[None](llm=model) as session:
        await session.start(agent)
        yield session


def spoken(session: AgentSession[None]) -> list[str]:
    return [m.text_content or "" for m in session.history.messages() if m.role == "assistant"]


async def test_a_conversation_pauses_and_goes_on(tmp_path: Path) -> None:
    """The framework's own conversation, in text: what is said while it is held never asks the model."""
    call, model = Call(), Model()
    async with asyncio.timeout(20), conversation(call, model, tmp_path) as session:
        await session.run(user_input="hello")
        await session.run(user_input="I want to speak to a person")
        assert spoken(session) == ["Of course.", call.phrases.person_called] and model.asked == 2
        for words_ in ("are you there", "hello", "what is going on"):
            await session.run(user_input=words_)
        assert spoken(session)[2:] == [call.phrases.on_hold] and model.asked == 2, "one sentence, then silence"
        assert [m.text_content for m in session.history.messages() if m.role == "user"][-1] == "what is going on"
        [request] = call.requests
        call.hears(told(EscalationStage.RESUMED, 2, name=request.escalation_id))
        await session.run(user_input="thank you")
        assert spoken(session)[3:] == ["Of course."] and model.asked == 3
