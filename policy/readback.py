"""Nothing irreversible on a misheard word: a goal is done only after it was read back and the caller spoke to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WORD = re.compile(r"[\w']+")
_NO = re.compile(r"^\W*(no|nope|nah|don't|do not|stop|wait|cancel|never mind|not (now|yet|that))\b", re.IGNORECASE)
_WORDS_TO_HEAR = 0.6


@dataclass
class ReadBack:
    """At most one goal waits to be confirmed. A new goal takes the place of the old one."""

    _goal: str | None = None
    _voiced: bool = False
    _answer: str | None = None

    @property
    def waiting(self) -> str | None:
        """The goal that was asked about and not confirmed yet."""
        return self._goal

    def asked(self, goal: str) -> None:
        """The agent is about to read this goal back."""
        self._goal, self._voiced, self._answer = goal, False, None

    def agent_spoke(self, text: str, *, interrupted: bool) -> None:
        if self._goal is not None and not interrupted and _names(self._goal, text):
            self._voiced = True

    def caller_spoke(self, text: str) -> None:
        if self._voiced:
            self._answer = text

    def honours(self, goal: str) -> bool:
        """Whether the caller may be taken to have confirmed exactly this goal."""
        confirmed = self._goal is not None and self._voiced and self._answer is not None
        return confirmed and _words(goal) == _words(self._goal or "") and not self.declined

    @property
    def declined(self) -> bool:
        """The caller's answer was a plain no, whatever a model makes of it."""
        return self._answer is not None and _NO.match(self._answer) is not None

    def done(self) -> None:
        self._goal, self._voiced, self._answer = None, False, None


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _names(goal: str, spoken: str) -> bool:
    """Every number of the goal was spoken, and most of its words."""
    wanted, said = _words(goal), set(_words(spoken))
    numbers = [word for word in wanted if any(sign.isdigit() for sign in word)]
    heard = sum(word in said for word in wanted)
    return all(number in said for number in numbers) and heard >= _WORDS_TO_HEAR * len(wanted)
