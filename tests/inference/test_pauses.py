"""Between two sentences a voice pauses as a speaker does, and no sound is cut off."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from speech_samples import SENTENCES, word_errors

from inference.engines.audio import resample
from inference.engines.base import SPEAK_RATE, Pcm16
from inference.engines.hibari import HibariSynthesizer
from inference.engines.pauses import LEAD_SECONDS, TAIL_SECONDS, with_natural_pauses
from inference.engines.whisper import WhisperTranscriber

FRAME = SPEAK_RATE // 50
LEVEL = 10 ** (-45 / 20) * 32768
"""What a listener takes for sound: -45 dBFS."""


def sound(seconds: float, level: int = 3000) -> Pcm16:
    return np.tile(np.array([level, -level], np.int16), round(seconds * SPEAK_RATE / 2))


def silence(seconds: float) -> Pcm16:
    return np.zeros(round(seconds * SPEAK_RATE), np.int16)


@pytest.mark.parametrize("level", [3000, 60])
def test_only_the_silence_around_a_sentence_goes(level: int) -> None:
    sentence = np.concatenate([sound(0.5, level), silence(0.6), sound(0.2, level)])
    kept = with_natural_pauses(np.concatenate([silence(0.4), sentence, silence(0.5)]))
    assert len(kept) / SPEAK_RATE == pytest.approx(1.3 + LEAD_SECONDS + TAIL_SECONDS, abs=0.02)
    assert np.array_equal(kept[kept != 0], sentence[sentence != 0])


def test_what_has_little_silence_or_no_sound_stays_as_it_is() -> None:
    for pcm in (sound(0.5), silence(0.3), silence(0.0)):
        assert np.array_equal(with_natural_pauses(pcm), pcm)


def test_the_voice_pauses_naturally_between_sentences_and_every_word_is_there() -> None:
    said = " ".join(SENTENCES[:4])
    pieces = list(HibariSynthesizer().synthesize(said))
    assert len(pieces) == 4
    pauses = [quiet_after(a) + quiet_before(b) for a, b in itertools.pairwise(pieces)]
    assert all(0.25 <= pause <= 0.45 for pause in pauses), pauses
    heard = WhisperTranscriber(workers=1).transcribe(resample(np.concatenate(pieces), SPEAK_RATE)).text
    assert word_errors(said, heard) == 0


def loud(pcm: Pcm16) -> list[bool]:
    frames = pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float32)
    return [bool(level >= LEVEL) for level in np.sqrt(np.mean(np.square(frames), axis=1))]


def quiet_before(pcm: Pcm16) -> float:
    return loud(pcm).index(True) * FRAME / SPEAK_RATE


def quiet_after(pcm: Pcm16) -> float:
    return loud(pcm)[::-1].index(True) * FRAME / SPEAK_RATE
