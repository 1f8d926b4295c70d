"""Where utterances begin and end, on made-up speech probabilities."""

from __future__ import annotations

import numpy as np
import pytest

from inference.engines.vad import FRAME, FRAME_SECONDS
from inference.listening.utterance import (
    LEAD_FRAMES,
    MAX_FRAMES,
    ONSET_FRAMES,
    Ended,
    Event,
    Paused,
    Resumed,
    Started,
    UtteranceTracker,
)

SPEECH, SILENCE, UNSURE = 0.9, 0.05, 0.42


def feed(tracker: UtteranceTracker, *runs: tuple[float, int]) -> list[Event]:
    events: list[Event] = []
    for probability, frames in runs:
        for _ in range(frames):
            events += tracker.push(np.full(FRAME, int(probability * 100), np.int16), probability)
    return events


def kinds(events: list[Event]) -> list[type]:
    return [type(event) for event in events]


def test_an_utterance_starts_pauses_and_ends() -> None:
    events = feed(UtteranceTracker(0.3), (SILENCE, 20), (SPEECH, 30), (SILENCE, 15))
    assert kinds(events) == [Started, Paused, Ended]
    started, paused, ended = events
    assert isinstance(started, Started) and isinstance(paused, Paused) and isinstance(ended, Ended)
    assert started.at == pytest.approx(20 * FRAME_SECONDS)
    assert ended.by_silence and ended.silence == pytest.approx(0.3, abs=FRAME_SECONDS)
    assert ended.clip.start == pytest.approx((20 + ONSET_FRAMES - LEAD_FRAMES) * FRAME_SECONDS)
    assert ended.clip.end - ended.clip.start == pytest.approx(len(ended.clip.pcm) / 16_000)
    assert len(paused.clip.pcm) < len(ended.clip.pcm)


def test_a_pause_that_is_too_short_does_not_end_it() -> None:
    events = feed(UtteranceTracker(0.3), (SPEECH, 20), (SILENCE, 5), (SPEECH, 20), (SILENCE, 12))
    assert kinds(events) == [Started, Paused, Resumed, Paused, Ended]


def test_silence_and_single_clicks_are_nothing() -> None:
    assert feed(UtteranceTracker(0.3), (SILENCE, 100), (SPEECH, 1), (SILENCE, 50), (SPEECH, 1), (SILENCE, 9)) == []


def test_uncertain_frames_keep_what_was() -> None:
    """They neither begin an utterance nor end one; once silence counts, they count as silence."""
    assert feed(UtteranceTracker(0.3), (UNSURE, 50)) == []
    assert kinds(feed(UtteranceTracker(0.3), (SPEECH, 10), (UNSURE, 50))) == [Started]
    assert kinds(feed(UtteranceTracker(0.3), (SPEECH, 10), (SILENCE, 1), (UNSURE, 9))) == [Started, Paused, Ended]


def test_flush_ends_what_is_under_way_once() -> None:
    tracker = UtteranceTracker(0.3)
    feed(tracker, (SPEECH, 10))
    ended = tracker.flush()
    assert ended is not None and not ended.by_silence and len(ended.clip.pcm) == 10 * FRAME
    assert tracker.flush() is None


def test_endless_speech_is_cut_where_it_is_quietest_and_no_sample_is_lost() -> None:
    tracker = UtteranceTracker(0.3)
    before = MAX_FRAMES - 40
    events = feed(tracker, (SPEECH, before), (UNSURE, 2), (SPEECH, 100))
    cuts = [event for event in events if isinstance(event, Ended)]
    assert len(cuts) == 1 and not cuts[0].by_silence
    assert len(cuts[0].clip.pcm) == before * FRAME
    rest = tracker.flush()
    assert rest is not None and rest.clip.start == pytest.approx(cuts[0].clip.end)
    assert len(rest.clip.pcm) + len(cuts[0].clip.pcm) == (before + 102) * FRAME


def test_the_next_utterance_does_not_repeat_speech_of_the_last() -> None:
    tracker = UtteranceTracker(0.3)
    events = feed(tracker, (SPEECH, 20), (SILENCE, 12), (SPEECH, 20), (SILENCE, 12))
    first, second = (event.clip for event in events if isinstance(event, Ended))
    loud = int(SPEECH * 100)
    assert (second.pcm == loud).sum() == 20 * FRAME == (first.pcm == loud).sum()
