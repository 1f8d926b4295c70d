"""From what the session measured of a turn to its stages, and to the stage that a missed budget is put down to."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.latency import LatencyBudget, Stage, TurnStages


def stages(
    caller: Mapping[str, float], agent: Mapping[str, float], render_seconds: float, budget: LatencyBudget
) -> TurnStages | None:
    """`caller` and `agent`: the session's metrics of the two turns, in seconds. None when no speech was answered.

    The session counts end of turn from the end of the speech on, recognition included, and the model's first token
    from before the context is rendered; here every moment belongs to one stage.
    """
    if "e2e_latency" not in agent:
        return None
    stt, ended = caller.get("transcription_delay"), caller.get("end_of_turn_delay")
    token, heard = agent.get("llm_node_ttft"), caller.get("on_user_turn_completed_delay", 0.0)
    found = {
        Stage.STT: stt if stt is None or ended is None else min(stt, ended),
        Stage.END_OF_TURN: None if ended is None else max(ended - (stt or 0.0), 0.0),
        Stage.CONTEXT: heard + render_seconds,
        Stage.LLM_FIRST_TOKEN: None if token is None else max(token - render_seconds, 0.0),
        Stage.TTS_FIRST_BYTE: agent.get("tts_node_ttfb"),
        Stage.PLAYOUT: agent.get("playback_latency"),
    }
    known = {stage: value for stage, value in found.items() if value is not None}
    known[Stage.OTHER] = max(agent["e2e_latency"] - sum(known.values()), 0.0)
    spent = {stage: round(value * 1000, 1) for stage, value in known.items()}
    total = round(agent["e2e_latency"] * 1000, 1)
    missed = _put_down_to(spent, budget) if total > budget.total else None
    return TurnStages.model_validate({"total": total, "missed": missed, **{s.value: ms for s, ms in spent.items()}})


def _put_down_to(spent: Mapping[Stage, float], budget: LatencyBudget) -> Stage:
    """The stage that is furthest over its own budget, else nearest to it."""
    order = list(Stage)
    return max(spent, key=lambda stage: (spent[stage] - getattr(budget, stage.value), -order.index(stage)))


def misses(turns: list[TurnStages]) -> dict[Stage, int]:
    """How many turns missed their budget, by stage, in the order of a turn."""
    counted = {stage: sum(turn.missed is stage for turn in turns) for stage in Stage}
    return {stage: count for stage, count in counted.items() if count}
