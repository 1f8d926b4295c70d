"""Who answers the caller's words before a model is asked: a person who is waited for, an order, a question's thanks."""

from __future__ import annotations

from typing import Protocol

from live.deliveries import Deliveries
from live.steering import Steering
from policy.readback import ReadBack


class Held(Protocol):
    """Whether the agent pauses for a person."""

    def reply(self) -> str | None:
        """What is said meanwhile: None is nothing, empty is silence."""

    def answered(self) -> None: ...
    def failed(self) -> str | None: ...


class Answering:
    """What is said to a question from backstage is passed on by the session: here it is thanked for."""

    def __init__(self, held: Held, steering: Steering, deliveries: Deliveries, read_back: ReadBack) -> None:
        self._held = held
        self._steering = steering
        self._deliveries = deliveries
        self._read_back = read_back

    @property
    def waits(self) -> bool:
        """Whether the caller was asked something of ours, so that "okay" may be an answer."""
        return self._read_back.waiting is not None or self._deliveries.asks or self._steering.asks

    def reply(self, words: str, *, over_speech: bool) -> str | None:
        held = self._held.reply()
        if held is not None:
            return held
        thanks = self._deliveries.reply()
        steered = self._steering.reply(words, over_speech=over_speech, answers=thanks is not None) if words else None
        return thanks if steered is None else steered

    def answered(self) -> None:
        self._held.answered()

    def failed(self) -> str | None:
        return self._held.failed()
