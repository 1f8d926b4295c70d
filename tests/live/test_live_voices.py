"""A voice that fails is followed by another, and by scripted words; no sentence is lost without a sign."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_samples import until
from livekit.agents import APIConnectOptions, APIError, APIStatusError, tts

from contracts.phrases import Phrases
from live.phrasebook import RATE, Phrasebook, chime, sentences
from live.voices import TRIAL, Voices
from policy.breaker import Breaker

PATIENCE = 0.2
PHRASES = Phrases(greeting="Hello, this is the weather line. How can I help you?", holding="One moment, please.")


class Voice(tts.TTS[Any]):
    """Says every sentence as 0.1 s of one level; `fault` breaks it: `error`, `hang` or `cut` (in mid-sentence)."""

    def __init__(self, level: int, fault: str | None = None, rate: int = RATE) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=rate, num_channels=1)
        self.level, self.fault = level, fault
        self.asked: list[str] = []

    def synthesize(self, text: str, *, conn_options: APIConnectOptions = APIConnectOptions()) -> tts.ChunkedStream:  # noqa: B008
        self.asked.append(text)
        return _Speech(tts=self, input_text=text, conn_options=conn_options)


class _Speech(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        voice = self._tts
        assert isinstance(voice, Voice)
        if voice.fault == "error":
            raise APIStatusError("down", status_code=503)
        if voice.fault == "hang":
            await asyncio.Event().wait()
        output_emitter.initialize(request_id="r", sample_rate=RATE, num_channels=1, mime_type="audio/pcm")
        audio = np.full(RATE // 10, voice.level, np.int16)
        output_emitter.push(audio[: RATE // 20 if voice.fault == "cut" else None].tobytes())
        output_emitter.flush()
        if voice.fault == "cut":
            await asyncio.sleep(0.05)  # the wire delivers what was said before it breaks
            raise APIStatusError("cut", status_code=500)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def voices(folder: Path, *each: Voice, clock: Clock | None = None) -> Voices:
    book = Phrasebook(folder, "house")
    return Voices(each, book, patience=PATIENCE, clock=clock or Clock())


async def levels(chain: Voices, text: str = "It will rain.") -> list[int]:
    """The levels that are heard, in their order, each once."""
    frame = await chain.synthesize(text).collect()
    heard = np.frombuffer(frame.data, np.int16)
    return [int(level) for level in dict.fromkeys(heard[heard != 0].tolist())]


async def test_the_first_voice_speaks_and_the_second_is_not_asked(tmp_path: Path) -> None:
    first, second = Voice(100), Voice(200)
    assert await levels(voices(tmp_path, first, second)) == [100]
    assert second.asked == []


@pytest.mark.parametrize("fault", ["error", "hang"])
async def test_the_second_voice_takes_over_in_time(tmp_path: Path, fault: str) -> None:
    began = time.perf_counter()
    assert await levels(voices(tmp_path, Voice(100, fault), Voice(200))) == [200]
    assert time.perf_counter() - began < PATIENCE + 0.5


async def test_a_sentence_that_broke_off_is_said_again_and_none_is_lost(tmp_path: Path) -> None:
    first, second = Voice(100, "cut"), Voice(200)
    assert await levels(voices(tmp_path, first, second)) == [100, 200]
    assert second.asked == ["It will rain."]


async def test_a_voice_that_failed_rests_and_is_not_sent_what_is_said(tmp_path: Path) -> None:
    clock, first, second = Clock(), Voice(100, "error"), Voice(200)
    chain = voices(tmp_path, first, second, clock=clock)
    for _ in range(3):
        assert await levels(chain) == [200]
    assert len(first.asked) == 1
    second.fault = "error"
    for _ in range(2):
        with pytest.raises(APIError):
            await levels(chain)
    assert len(first.asked) == 1 and len(second.asked) == 4, "no sentence is sent to the dead"
    first.fault = None
    clock.now += Breaker.open_seconds
    await until(lambda: chain.rota.in_order() == [first])
    assert first.asked[1:] == [TRIAL], "it was tried with words of ours"
    assert await levels(chain) == [100], "the first voice is the first again"
    await chain.aclose()


async def test_without_any_voice_scripted_words_are_heard_and_others_are_an_error(tmp_path: Path) -> None:
    chain = voices(tmp_path, Voice(100, "error"), Voice(200, "error"))
    Phrasebook(tmp_path, "house").make_missing(PHRASES, lambda _: np.full(2400, 300, np.int16).tobytes())
    assert await levels(chain, "One moment, please.") == [300]
    assert await levels(chain, "Hello, this is the weather line.") == [300], "sentence by sentence"
    errors: list[tts.TTSError] = []
    chain.on("error", errors.append)
    with pytest.raises(APIError):
        await levels(chain, "Your order is on its way.")
    assert [error.recoverable for error in errors] == [False], "so that nothing counts as heard"


async def test_every_phrase_is_found_in_the_pieces_in_which_it_is_said(tmp_path: Path) -> None:
    """The framework cuts what is said into sentences; the book was cut the same way."""
    chain = voices(tmp_path, Voice(100, "error"))
    chain.phrasebook.make_missing(PHRASES, lambda words: np.full(240, len(words), np.int16).tobytes())
    said = [words for words in PHRASES.model_dump().values() if isinstance(words, str) and "{" not in words]
    for words in said:
        if words != PHRASES.voiceless:
            async with tts.StreamAdapter(tts=chain).stream() as stream:
                stream.push_text(words)
                stream.end_input()
                assert [audio async for audio in stream], words


def test_phrases_are_made_once_and_kept(tmp_path: Path) -> None:
    book, made = Phrasebook(tmp_path / "new", "house"), list[str]()

    def synthesize(words: str) -> bytes:
        made.append(words)
        if words == "One moment, please." and made.count(words) == 1:
            raise OSError("the service is down")
        return b"\0\0"

    with pytest.raises(OSError):
        book.make_missing(PHRASES, synthesize)
    book.make_missing(PHRASES, synthesize)
    assert sorted(made) == sorted([*sentences(PHRASES), "One moment, please."])
    assert book.missing(PHRASES) == []
    assert Phrasebook(tmp_path / "new", "other").audio("One moment, please.") is None


def test_nothing_that_is_filled_in_is_made_ahead() -> None:
    assert not any("{" in words for words in sentences(PHRASES))
    assert "How can I help you?" in sentences(PHRASES)


def test_the_chime_is_loud_and_short() -> None:
    pcm = np.frombuffer(chime(), np.int16)
    assert 0.3 < len(pcm) / RATE < 1.0 and np.abs(pcm).max() > 3000


async def test_voices_of_different_rates_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one sample rate"):
        voices(tmp_path, Voice(1), Voice(2, rate=16_000))
