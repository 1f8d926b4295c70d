"""A wish that is put off to a time, or to an event that the prompt lists."""

from __future__ import annotations

from datetime import datetime

import pytest

from inference.house.plans import parts_of
from inference.house.waiting import Event, Wait, events_of, span, stated_now, waits

NOW = datetime(2026, 3, 13, 22, 0)
EVENTS = [Event("frost.over", "The frost is over"), Event("seeds_came", "The seeds that were asked for have come")]


@pytest.mark.parametrize(
    ("text", "rest", "wait"),
    [
        ("in ten minutes, water bed 7", "water bed 7", Wait(seconds=600)),
        ("water bed 7 in half an hour", "water bed 7", Wait(seconds=1800)),
        ("look at bed 7 two days later", "look at bed 7", Wait(seconds=172_800)),
        ("wait an hour and then open the vents", "open the vents", Wait(seconds=3600)),
        ("tomorrow, open the vents", "open the vents", Wait(seconds=86_400)),
        ("tomorrow at nine, open the vents", "open the vents", Wait(seconds=11 * 3600)),
        ("when the frost is over, open the vents", "open the vents", Wait(event="frost.over")),
        ("sow bed 7 as soon as the seeds have come", "sow bed 7", Wait(event="seeds_came")),
        # what is only spoken about waits for nothing
        ("water bed 7 for ten minutes", "water bed 7 for ten minutes", None),
        ("reserve a bed in three days", "reserve a bed in three days", None),
        ("tomorrow I am away", "tomorrow I am away", None),
        ("tomorrow ?", "tomorrow ?", None),
        ("when the moon is full, open the vents", "when the moon is full, open the vents", None),
    ],
)
def test_what_a_wish_waits_for(text: str, rest: str, wait: Wait | None) -> None:
    assert waits(text, EVENTS, NOW) == (rest, wait)


def test_lengths_of_time() -> None:
    found = [span(text) for text in ("ten minutes", "an hour", "half an hour", "2 weeks", "a while", "minutes of it")]
    assert found == [600, 3600, 1800, 1_209_600, None, None]


def test_what_a_prompt_states() -> None:
    assert stated_now("Today is Friday 2026-03-13, and the time is 22:00.") == NOW
    assert events_of([{"roles": []}, [{"event": "frost.over", "description": "The frost is over"}]]) == EVENTS[:1]


def test_a_pause_of_its_own_puts_off_what_follows() -> None:
    first, second = parts_of(
        "I want bed 7 watered, then wait ten minutes, and then I want the vents opened", (), EVENTS
    )
    assert (first.wait, second.wait, second.after) == (None, Wait(seconds=600), True)
