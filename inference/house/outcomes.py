"""What a prompt states as outcomes of work: facts that outrank what was said."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inference.house.text import content_stems
from inference.house.transcript import lines_of

_HEADING = re.compile(r"\W*(outcomes?|results?|tasks?)\b[^:]*:\s*(?P<rest>.*)$", re.IGNORECASE)
_FACT = re.compile(
    r'^\W*\[(?P<id>[\w.:/-]+)\]\s*\((?P<state>[^)]*)\)\s*"(?P<goal>[^"]*)"(?:\s*->\s*"(?P<speech>[^"]*)")?\s*$'
)
_OPEN = re.compile(
    r"\b(waiting|running|pending|planning|open|going on|in progress|suspended|on hold|not (told|done|finished|heard)|"
    r"needs?|failed|unknown)\b",
    re.IGNORECASE,
)
_UNTOLD = re.compile(r"\bnot (told|heard)\b", re.IGNORECASE)
_A_PERSON = re.compile(r"\b(needs? (a )?person|failed|unknown|approval|decision)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Outcome:
    """One piece of work: what was wanted, how it stands in words, and what came of it."""

    id: str
    goal: str
    state: str
    speech: str

    @property
    def text(self) -> str:
        """What is told of it."""
        return self.speech or self.goal

    @property
    def open(self) -> bool:
        return bool(_OPEN.search(self.state))

    @property
    def untold(self) -> bool:
        return bool(_UNTOLD.search(self.state)) and not self.with_person

    @property
    def with_person(self) -> bool:
        return bool(_A_PERSON.search(self.state))

    def is_about(self, text: str) -> bool:
        """Whether a text shares two words of meaning with it, or half of those of what was wanted."""
        goal = set(content_stems(self.goal))
        shared = set(content_stems(text)) & (goal | set(content_stems(self.speech)))
        return len(shared) >= 2 or (bool(goal) and 2 * len(shared & goal) >= len(goal))


def outcomes_of(text: str) -> list[Outcome]:
    """Lines under a heading such as "Outcomes:"."""
    found: list[Outcome] = []
    under = False
    for line in text.splitlines():
        heading = _HEADING.match(line)
        if heading and not _FACT.match(line):
            under = True
            found += [_plain(heading["rest"])] if heading["rest"].strip() else []
        elif under and not line.strip():
            under = not found  # an empty line before the first entry ends nothing
        elif under and re.match(r"\W*[\w ]{3,24}:\s*$", line):
            under = False
        elif under and (fact := _FACT.match(line)):
            found.append(Outcome(fact["id"], fact["goal"], fact["state"], fact["speech"] or ""))
        elif under:
            found += [_plain(item.text) for item in lines_of(line) if not item.speaker]
    return [o for o in found if content_stems(o.text) and o.text.lower() not in ("none", "nothing")]


def _plain(text: str) -> Outcome:
    return Outcome("", text.strip(), text, "")
