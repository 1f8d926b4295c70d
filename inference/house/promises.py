"""What was promised, and what of it is still open after the last line."""

from __future__ import annotations

import re

from inference.house.items import Item, came_about, ids, unique
from inference.house.outcomes import Outcome
from inference.house.text import content_stems, expand, sentence_case, sentences, stem, without_fillers
from inference.house.transcript import Line
from inference.house.wordlist import listed

_PROMISE = re.compile(
    r"\b(i|we) (will|shall|am going to|are going to|promise)\b|\b(a|my|our) colleague (will|is going to)\b|\blet me\b"
)
_NO_PROMISE = re.compile(r"\blet me know\b|\bi will remember\b")
_COLLEAGUE = re.compile(r"\b(a|my|our) colleague\b")
_OWN_INTENT = re.compile(r"\bi (will|shall|am going to)\b")
_STAYS_ON = re.compile(r"\b(hold|wait|listen|hang on|stay on)\b")
_ASKED_OF_CALLER = re.compile(r"\b(please (send|bring|call|keep|check|fill)|you (need|have) to|you should)\b")
_LOOKS_UP = re.compile(r"\b(look|check|see|find|search)\b")
_FRAME = frozenset(
    stem(word)
    for word in listed(
        """tell told know soon done decided decide come back get pass passed colleague check checking look request
    moment now promise going answer update inform finish finished result news everything hear again"""
    )
)
"""Words of a promise to report: they name no work of their own."""
_DUE = re.compile(
    r"\b(by|before|until|on|within|in|at the latest by)?\s*((the )?(day after tomorrow|today|"
    r"tonight|tomorrow|(next |this )?"
    r"(monday|tuesday|wednesday|thursday|friday|saturday|sunday|week|month)|end of the (day|week|"
    r"month)|\d{4}-\d{2}-\d{2})|"
    r"(within|in) (\w+) (minutes?|hours?|days?|weeks?|months?)|(january|february|march|april|may|"
    r"june|july|august|september|"
    r"october|november|december) \d{1,2})\b"
)


def is_promise(text: str) -> bool:
    spoken = expand(text)
    return bool(_PROMISE.search(spoken)) and not text.endswith("?") and not _NO_PROMISE.search(spoken)


def promises(lines: list[Line]) -> list[Item]:
    """What the agent promised, kept or not."""
    return unique(
        [
            Item(sentence_case(part), ids(line), _promiser(part), due_of(part))
            for line in lines
            if line.speaker == "agent"
            for part in sentences(line.text)
            if is_promise(part)
        ]
    )


def actions(lines: list[Line], outcomes: list[Outcome]) -> list[Item]:
    """What somebody still has to do: promises that nothing after them kept, the caller's own plans, work not ended."""
    found: list[Item] = []
    for i, line in enumerate(lines):
        for part in sentences(line.text):
            spoken = expand(part)
            if part.endswith("?"):
                continue
            if line.speaker == "agent" and is_promise(part):
                asked = next((before.text for before in reversed(lines[:i]) if before.speaker == "caller"), "")
                if not kept(part, asked, lines[i + 1 :], outcomes):
                    found.append(Item(sentence_case(part), ids(line), _promiser(part), due_of(part)))
            elif line.speaker == "agent" and _ASKED_OF_CALLER.search(spoken):
                found.append(Item(sentence_case(part), ids(line), "caller", due_of(part)))
            elif line.speaker == "caller" and _OWN_INTENT.search(spoken) and not _STAYS_ON.search(spoken):
                found.append(Item(sentence_case(without_fillers(part)), ids(line), "caller", due_of(part)))
    return unique([*found, *(_open_work(outcome, lines) for outcome in outcomes if outcome.open)])


def kept(promise: str, asked: str, later: list[Line], outcomes: list[Outcome]) -> bool:
    """Whether a promise needs no line of its own any more.

    Something later says that it came about, or an outcome is about the same thing: then that one tells how it stands.
    A promise to report ("I will tell you as soon as it is done") is about whatever work there is.
    """
    own = set(content_stems(promise)) - _FRAME
    if any(outcome.is_about(promise if own else f"{promise} {asked}") for outcome in outcomes):
        return True
    if outcomes and not own:
        return True
    said = [part for line in later if line.speaker == "agent" for part in sentences(line.text)]
    reports = [part for part in said if came_about(part) and not is_promise(part)]
    if own and any(2 * len(own & set(content_stems(report))) >= len(own) for report in reports):
        return True
    if _LOOKS_UP.search(expand(promise)) and not _COLLEAGUE.search(expand(promise)) and not due_of(promise):
        return any(not is_promise(part) for part in said)
    return not own and bool(reports)


def _open_work(outcome: Outcome, lines: list[Line]) -> Item:
    asked = [line for line in lines if line.speaker == "caller" and outcome.is_about(line.text)]
    owner = "colleague" if outcome.with_person else "agent"
    text = f"Tell the caller: {sentence_case(outcome.text)}" if outcome.untold else sentence_case(outcome.goal)
    return Item(text, ids(*asked[-2:]), owner, due_of(outcome.goal), outcome.id)


def _promiser(part: str) -> str:
    return "colleague" if _COLLEAGUE.search(expand(part)) else "agent"


def due_of(text: str) -> str:
    """When something is due, in the words of the text ("by friday"); "" when it is not said."""
    match = _DUE.search(expand(text))
    return match.group(0).strip() if match else ""
