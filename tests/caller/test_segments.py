"""Where speech starts and ends: synthetic frames on a synthetic clock."""

from __future__ import annotations

import numpy as np
import pytest

from workers.caller.segments import FRAME_SECONDS, Segment, Segmenter, level_dbfs

RATE = 16_000
SIZE = int(RATE * FRAME_SECONDS)
rng = np.random.default_rng(1)


def noise(dbfs: float) -> np.ndarray:
    return (rng.normal(0, 32768 * 10 ** (dbfs / 20), SIZE)).clip(-32768, 32767).astype(np.int16)


def feed(segmenter: Segmenter, seconds: float, dbfs: float, clock: list[float]) -> list[Segment]:
    out = []
    for _ in range(round(seconds / FRAME_SECONDS)):
        clock[0] += FRAME_SECONDS
        segment = segmenter.push(noise(dbfs), clock[0])
        if segment:
            out.append(segment)
    return out


def test_level_of_silence_and_of_full_scale() -> None:
    assert level_dbfs(np.zeros(SIZE, np.int16)) == -120
    assert level_dbfs(np.full(SIZE, 32767, np.int16)) == pytest.approx(0, abs=0.1)


def test_one_stretch_is_timed_to_the_frame() -> None:
    segmenter, clock = Segmenter(), [100.0]
    assert feed(segmenter, 1.0, -70, clock) == []
    assert feed(segmenter, 2.0, -20, clock) == []
    (segment,) = feed(segmenter, 1.5, -70, clock)
    assert segment.started == pytest.approx(101.0, abs=0.001)
    assert segment.ended == pytest.approx(103.0, abs=0.001)
    assert len(segment.pcm) / RATE == pytest.approx(2.0 + 0.3 + 0.3, abs=0.05)


def test_comfort_noise_is_no_speech() -> None:
    segmenter, clock = Segmenter(), [0.0]
    feed(segmenter, 5.0, -55, clock)
    assert segmenter.speaking_since is None


def test_a_click_of_one_frame_is_no_speech() -> None:
    segmenter, clock = Segmenter(), [0.0]
    for _ in range(10):
        feed(segmenter, FRAME_SECONDS, -20, clock)
        feed(segmenter, 0.1, -80, clock)
    assert segmenter.speaking_since is None


def test_a_pause_inside_speech_does_not_end_it_and_a_long_one_does() -> None:
    segmenter, clock = Segmenter(), [0.0]
    assert feed(segmenter, 1.0, -20, clock) + feed(segmenter, 0.7, -80, clock) + feed(segmenter, 1.0, -20, clock) == []
    first = feed(segmenter, 1.0, -80, clock)
    second = feed(segmenter, 0.5, -20, clock) + feed(segmenter, 1.0, -80, clock)
    assert [len(first), len(second)] == [1, 1]
    assert first[0].ended - first[0].started == pytest.approx(2.7, abs=0.001)


def test_frames_that_stop_coming_end_the_speech_by_the_clock() -> None:
    segmenter, clock = Segmenter(), [0.0]
    feed(segmenter, 1.0, -20, clock)
    assert segmenter.tick(1.5) is None
    segment = segmenter.tick(2.0)
    assert segment is not None and segment.ended == pytest.approx(1.0, abs=0.001)
    assert segmenter.tick(3.0) is None
