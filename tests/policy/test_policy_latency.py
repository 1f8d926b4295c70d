"""Every moment of a turn belongs to one stage, and a missed budget to the stage that took too long."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.latency import LatencyBudget, Stage, TurnStages
from policy.latency import misses, stages

BUDGET = LatencyBudget()
CALLER = {"transcription_delay": 0.4, "end_of_turn_delay": 0.55, "on_user_turn_completed_delay": 0.001}
AGENT = {"llm_node_ttft": 0.2, "tts_node_ttfb": 0.1, "playback_latency": 0.02, "e2e_latency": 0.9}


def test_the_stages_are_told_apart_and_add_up() -> None:
    found = stages(CALLER, AGENT, 0.002, BUDGET)
    assert found == TurnStages(
        total=900, stt=400, end_of_turn=150, context=3, llm_first_token=198, tts_first_byte=100, playout=20, other=29
    )
    assert stages(CALLER, {"llm_node_ttft": 0.2}, 0.0, BUDGET) is None, "nobody waited for it"


@pytest.mark.parametrize(
    ("caller", "agent", "stage"),
    [
        ({}, {"llm_node_ttft": 1.5, "e2e_latency": 2.2}, Stage.LLM_FIRST_TOKEN),
        ({"transcription_delay": 2.0, "end_of_turn_delay": 2.0}, {"e2e_latency": 2.4}, Stage.STT),
        ({"end_of_turn_delay": 1.6}, {"e2e_latency": 1.95}, Stage.END_OF_TURN),
        ({}, {"tts_node_ttfb": 0.8, "e2e_latency": 1.5}, Stage.TTS_FIRST_BYTE),
        ({}, {"e2e_latency": 3.0}, Stage.OTHER),
        ({"on_user_turn_completed_delay": 1.0}, {"e2e_latency": 1.9}, Stage.CONTEXT),
    ],
)
def test_a_miss_is_put_down_to_the_stage_that_took_too_long(
    caller: dict[str, float], agent: dict[str, float], stage: Stage
) -> None:
    found = stages(CALLER | caller, AGENT | agent, 0.0, BUDGET)
    assert found is not None and found.missed is stage
    patient = LatencyBudget(total=5000)
    assert (stages(CALLER | caller, AGENT | agent, 0.0, patient) or found).missed is None


seconds = st.floats(0, 5, allow_nan=False)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(CALLER, seconds)), seconds, seconds, seconds)
@settings(max_examples=60, deadline=None)
def test_whatever_was_measured_no_stage_is_negative(
    caller: dict[str, float], e2e: float, ttft: float, r: float
) -> None:
    found = stages(caller, {"e2e_latency": e2e, "llm_node_ttft": ttft}, r, BUDGET)
    assert found is not None
    assert all((found.of(stage) or 0.0) >= 0 for stage in Stage)
    assert (found.missed is not None) == (found.total > BUDGET.total)


def test_misses_are_counted_by_stage() -> None:
    slow = TurnStages(total=2000, missed=Stage.STT)
    assert misses([slow, TurnStages(total=100), slow]) == {Stage.STT: 2}
