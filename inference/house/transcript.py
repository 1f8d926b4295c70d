"""Lines of a transcript or context block: who said what, and under which turn id."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inference.house.wordlist import listed

_LINE = re.compile(
    r"^\s*(?:[-*•]\s*)?(?:[\[(]\s*(?P<id>[A-Za-z]*[-_]?\d[\w.:-]*|[A-Za-z][\w-]*\d[\w-]*|"
    r"[0-9a-f-]{8,})[^\])]*[\])]\s*)?"
    r"(?:[\[(][^\])]*[\])]\s*)*"
    r"(?:(?P<who>caller|user|client|human|person|visitor|participant|guest|you|agent|assistant|"
    r"voice|bot|system|operator|"
    r"[A-Z][a-z]+)(?:\s*\([^)]*\))?(?: said| asked| says)?\s*:\s*)?(?P<text>.*\S)\s*$",
    re.IGNORECASE,
)
_CALLER = frozenset(listed("caller user client human person visitor participant guest"))
_AGENT = frozenset(["agent", "assistant", "voice", "bot", "operator"])


@dataclass(frozen=True)
class Line:
    """One line. `speaker` is "caller", "agent", or "" when the line is no speech; `who` is the name as written."""

    turn_id: str
    who: str
    speaker: str
    text: str


def lines_of(text: str) -> list[Line]:
    """All lines of a text, empty ones left out."""
    found: list[Line] = []
    for raw in text.splitlines():
        match = _LINE.match(raw)
        if not match or not re.search(r"\w", match["text"]):
            continue
        who = (match["who"] or "").lower()
        speaker = "caller" if who in _CALLER else "agent" if who in _AGENT else ""
        if not speaker and match["who"] and match["id"]:
            speaker = "caller"
        whole = match["text"] if speaker or not match["who"] else raw.strip().lstrip("-*• ")
        found.append(Line(match["id"] or "", match["who"] or "", speaker, whole))
    return found


def spoken_lines(text: str) -> list[Line]:
    """Lines that are speech; a caller's or an agent's."""
    return [line for line in lines_of(text) if line.speaker]
