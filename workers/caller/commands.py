"""What a caller can be told to do, one JSON object a line."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Command(BaseModel):
    """Exactly one of `say` (with `barge_in` if wished), `wait_heard` (seconds) and `hang_up`.

    {"say": "…"} · {"say": "…", "barge_in": true} · {"wait_heard": 10} · {"hang_up": true}
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    say: str | None = Field(None, min_length=1)
    barge_in: bool = False
    wait_heard: float | None = Field(None, gt=0)
    hang_up: bool = False

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if (self.say is not None) + (self.wait_heard is not None) + self.hang_up != 1:
            raise ValueError('give one of {"say": "…"}, {"wait_heard": SECONDS}, {"hang_up": true}')
        if self.barge_in and self.say is None:
            raise ValueError("barge_in belongs to say")
        return self
