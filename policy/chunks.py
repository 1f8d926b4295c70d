"""How a transcript of any length is cut for the summarizer, and how what came of the pieces is put together."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.session import Turn
from contracts.summary import Span, Summary
from policy.rolling import in_words
from policy.tokens import tokens_of

CHUNK_TOKENS = 3000
"""What one question to the summarizer holds of a transcript, or of parts; any model takes that and its answer."""

TURN_TOKENS = 12
"""What a turn costs beside its words: its id and its speaker."""


def spans(turns: Sequence[Turn], chunk_tokens: int = CHUNK_TOKENS) -> tuple[Span, ...]:
    """The turns in pieces that fit; a turn that is larger than that alone is a piece of its own."""
    found: list[Span] = []
    first = spent = 0
    for number, turn in enumerate(turns):
        cost = TURN_TOKENS + tokens_of(turn.text.body)
        if number > first and spent + cost > chunk_tokens:
            found.append(Span(first=first, count=number - first))
            first, spent = number, 0
        spent += cost
    return (*found, Span(first=first, count=len(turns) - first)) if turns else ()


def groups(parts: Sequence[Summary], chunk_tokens: int = CHUNK_TOKENS) -> list[tuple[Summary, ...]]:
    """The parts in groups that fit, in sequence. Each has two at least where there are two, so that every round of
    putting together leaves fewer of them."""
    found: list[list[Summary]] = []
    spent = 0
    for part in parts:
        cost = _cost(part)
        if not found or (len(found[-1]) >= 2 and spent + cost > chunk_tokens):
            found.append([])
            spent = 0
        found[-1].append(part)
        spent += cost
    if len(found) > 1 and len(found[-1]) == 1:
        last = found.pop()
        found[-1] += last
    return [tuple(group) for group in found]


def _cost(part: Summary) -> int:
    return tokens_of(in_words(part).body) + TURN_TOKENS * len(part.statements())
