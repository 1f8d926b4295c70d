"""What the caller says to a question is passed on backstage: it is thanked for, and no model answers it."""

from __future__ import annotations

from collections.abc import Callable

from live.agent import Holding


class Answering:
    """`holding` comes first: while a person is waited for, that is what is answered. `reply` is taken next."""

    def __init__(self, holding: Holding, reply: Callable[[], str | None]) -> None:
        self._holding = holding
        self._reply = reply

    def reply(self) -> str | None:
        held = self._holding.reply()
        return self._reply() if held is None else held

    def answered(self) -> None:
        self._holding.answered()

    def failed(self) -> str | None:
        return self._holding.failed()
