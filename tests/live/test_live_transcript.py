"""Every turn once, as it was heard."""

from __future__ import annotations

from live_samples import FACTS
from livekit.agents import llm
from livekit.agents.voice.events import ConversationItemAddedEvent

from contracts.latency import LatencyBudget
from contracts.session import Speaker, Turn
from live.context import CallContext
from live.measuring import Measuring
from live.transcript import Transcript


def added(item: llm.ChatMessage | llm.AgentHandoff) -> ConversationItemAddedEvent:
    return ConversationItemAddedEvent(item=item)


def message(role: llm.ChatRole, text: str, **fields: object) -> llm.ChatMessage:
    return llm.ChatMessage.model_validate({"role": role, "content": [text], **fields})


def test_turns_carry_speaker_times_interruption_and_latency() -> None:
    turns: list[Turn] = []
    transcript = Transcript(FACTS, turns.append, Measuring(CallContext(), LatencyBudget()).take)
    said = message("user", "hello", metrics={"started_speaking_at": 100.0, "stopped_speaking_at": 101.5})
    answer = message(
        "assistant",
        "hel",
        interrupted=True,
        metrics={"started_speaking_at": 102.0, "stopped_speaking_at": 103.0, "e2e_latency": 0.5},
    )
    for item in (said, answer, message("system", "rule"), message("assistant", ""), llm.AgentHandoff(new_agent_id="x")):
        transcript.on_item(added(item))
    caller, agent = turns
    assert (caller.speaker, caller.text.body, caller.latency_ms) == (Speaker.CALLER, "hello", None)
    assert (caller.ended_at - caller.started_at).total_seconds() == 1.5
    assert (agent.speaker, agent.interrupted, agent.latency_ms) == (Speaker.AGENT, True, 500.0)
    assert caller.turn_id == said.id == transcript.last_caller_turn
    assert {turn.session_id for turn in turns} == {FACTS.session_id}


def test_a_restored_turn_that_is_answered_late_is_not_recorded_again() -> None:
    turns: list[Turn] = []
    transcript = Transcript(FACTS, turns.append, Measuring(CallContext(), LatencyBudget()).take)
    transcript.answering("turn-7")
    transcript.on_item(added(message("user", "hello", id="turn-7")))
    assert turns == [] and transcript.last_caller_turn == "turn-7"
