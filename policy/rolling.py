"""When the older turns of a call go into its rolling summary, and how long that summary may be."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from contracts.base import Content
from contracts.composition import Composition, Limits
from contracts.session import Turn
from contracts.summary import Cited, Summary
from policy.tokens import tokens_of

SUMMARIZER = "summarizer"
PATIENCE = 4
"""How many times `recent_turns` are held in full while no summarizer answers. Older ones the records alone have."""


def has_summarizer(composition: Composition) -> bool:
    return any(role.name == SUMMARIZER for role in composition.backstage_roles())


def most_turns(composition: Composition) -> int:
    """The bound of turns held in full."""
    return composition.limits.recent_turns * (PATIENCE if has_summarizer(composition) else 1)


def to_fold(turns: Sequence[Turn], summary: Summary | None, limits: Limits) -> tuple[Turn, ...]:
    """The oldest turns, when turns and summary no longer fit their limits; () while they do.

    So many that half of the limits is free again: a summary is made once in a while, not at every turn. The latest
    two always stay.
    """
    held = tokens_of(in_words(summary).body) if summary is not None else 0
    costs = [tokens_of(turn.text.body) for turn in turns]
    if len(turns) <= limits.recent_turns and held + sum(costs) <= limits.context_tokens:
        return ()
    room = max(limits.context_tokens - limits.summary_tokens, limits.context_tokens // 2) // 2
    kept = 0
    for cost in reversed(costs):
        if kept >= limits.recent_turns // 2 or (kept >= 2 and cost > room):
            break
        room -= cost
        kept += 1
    return tuple(turns[: max(len(turns) - max(kept, 2), 0)])


def in_words(summary: Summary) -> Content:
    """The summary as a model is told it."""
    lists = (
        ("Decided", summary.decisions),
        ("Still to do", summary.action_items),
        ("Not answered yet", summary.open_questions),
        ("Promised", summary.promises),
    )
    lines = [f"{title}: {' '.join(s.text.body for s in found)}" for title, found in lists if found]
    body = "\n".join([summary.summary.body, *lines])
    return Content(subject_id=summary.summary.subject_id, body=body)


def bounded(summary: Summary, most_tokens: int) -> Summary:
    """The summary within a bound: half of it for the story, the latest sentences first; the rest for its statements,
    what is open before what is settled, of each the latest first."""
    story = _latest(re.split(r"(?<=[.!?])\s+", summary.summary.body.strip()), most_tokens // 2)
    left = most_tokens - tokens_of(story)
    kept: dict[str, tuple[Cited, ...]] = {}
    for name in ("action_items", "open_questions", "promises", "decisions"):
        found: list[Cited] = []
        for statement in reversed(getattr(summary, name)):
            left -= tokens_of(statement.text.body)
            if left < 0:
                break
            found.insert(0, statement)
        kept[name] = tuple(found)
    body = Content(subject_id=summary.summary.subject_id, body=story)
    return summary.model_copy(update={"summary": body, **kept})


def _latest(sentences: list[str], most_tokens: int) -> str:
    kept: list[str] = []
    for sentence in reversed(sentences):
        if kept and tokens_of(" ".join([sentence, *kept])) > most_tokens:
            break
        kept.insert(0, sentence)
    return " ".join(kept)[-4 * most_tokens :]


def day_of(moment: datetime, time_zone: str) -> date:
    """The day that it is then in that time zone, an IANA name: from which "tomorrow" counts."""
    return moment.astimezone(ZoneInfo(time_zone)).date()
