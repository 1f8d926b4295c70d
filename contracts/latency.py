"""Where the time of a turn went, from the end of the caller's speech to the agent's first audio, and its budget."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from contracts.base import Contract


class Stage(StrEnum):
    """In the order of a turn."""

    STT = "stt"
    """The words of the speech that ended."""
    END_OF_TURN = "end_of_turn"
    """Until the turn counts as over, after its words were there."""
    CONTEXT = "context"
    LLM_FIRST_TOKEN = "llm_first_token"
    TTS_FIRST_BYTE = "tts_first_byte"
    PLAYOUT = "playout"
    OTHER = "other"
    """What no stage accounts for: the first sentence of the answer, tools."""


class LatencyBudget(Contract):
    """Milliseconds that a role's turn may take, in all and by stage. A turn is missed when all of it takes longer."""

    total: float = Field(default=1200.0, gt=0)
    stt: float = Field(default=450.0, gt=0)
    end_of_turn: float = Field(default=450.0, gt=0)
    context: float = Field(default=10.0, gt=0)
    llm_first_token: float = Field(default=500.0, gt=0)
    tts_first_byte: float = Field(default=300.0, gt=0)
    playout: float = Field(default=50.0, gt=0)
    other: float = Field(default=200.0, gt=0)


class TurnStages(Contract):
    """Milliseconds by stage; None where it was not measured. `missed`: what a missed budget is put down to."""

    total: float
    stt: float | None = None
    end_of_turn: float | None = None
    context: float | None = None
    llm_first_token: float | None = None
    tts_first_byte: float | None = None
    playout: float | None = None
    other: float | None = None
    missed: Stage | None = None

    def of(self, stage: Stage) -> float | None:
        value: float | None = getattr(self, stage.value)
        return value
