"""OpenAI's speech wire: spoken by the server, read back by the server."""

from __future__ import annotations

import base64
import itertools
import json
import time
from typing import Any, Literal

import numpy as np
import openai
import pytest
from openai import AsyncOpenAI
from speech_samples import SENTENCES, Speaker, silence, word_errors

from inference.engines.audio import decode_file, resample, wav_file
from inference.engines.base import LISTEN_RATE, SPEAK_RATE, Pcm16

pytestmark = pytest.mark.stack
TEXT = "Please send the confirmation to my email address."
Format = Literal["mp3", "opus", "aac", "flac", "wav", "pcm"]


def pcm_of(data: bytes, audio_format: Format) -> Pcm16:
    if audio_format == "pcm":
        return resample(np.frombuffer(data, "<i2"), SPEAK_RATE)
    return decode_file(data)[0]


async def read_back(client: AsyncOpenAI, pcm: Pcm16) -> str:
    file = ("said.wav", wav_file(pcm, LISTEN_RATE))
    return (await client.audio.transcriptions.create(model="whisper-1", file=file)).text


@pytest.mark.parametrize("audio_format", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
async def test_every_format_holds_the_words(openai_client: AsyncOpenAI, audio_format: Format) -> None:
    speech = await openai_client.audio.speech.create(
        model="tts-1", voice="alloy", input=TEXT, response_format=audio_format
    )
    assert word_errors(TEXT, await read_back(openai_client, pcm_of(speech.content, audio_format))) == 0


async def test_speech_streams_a_sentence_at_a_time(openai_client: AsyncOpenAI) -> None:
    text = " ".join(SENTENCES)
    arrivals, size = [], 0
    started = time.perf_counter()
    async with openai_client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=text, response_format="pcm"
    ) as response:
        assert response.headers["content-type"] == "audio/pcm"
        async for piece in response.iter_bytes():
            arrivals.append(time.perf_counter() - started)
            size += len(piece)
    assert size / 2 / SPEAK_RATE > 15
    assert len(arrivals) >= len(SENTENCES)
    assert arrivals[0] < arrivals[-1] / 2, "the first sentence must not wait for the last"


async def test_server_sent_events_carry_the_same_audio_and_usage(openai_client: AsyncOpenAI) -> None:
    audio, usage = b"", None
    async with openai_client.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="ash", input=TEXT, response_format="pcm", stream_format="sse"
    ) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        async for line in response.iter_lines():
            if line.startswith("data: "):
                event: dict[str, Any] = json.loads(line[6:])
                audio += base64.b64decode(event.get("audio", ""))
                usage = event.get("usage", usage)
    assert usage is not None and usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert usage["output_tokens"] > 20
    assert word_errors(TEXT, await read_back(openai_client, pcm_of(audio, "pcm"))) == 0


async def test_speed_changes_the_length(openai_client: AsyncOpenAI) -> None:
    async def seconds(speed: float) -> float:
        made = await openai_client.audio.speech.create(
            model="tts-1", voice="alloy", input=TEXT, response_format="pcm", speed=speed
        )
        return len(made.content) / 2 / SPEAK_RATE

    slow, natural, fast = [await seconds(speed) for speed in (0.5, 1.0, 2.0)]
    assert slow > natural * 1.5 and fast < natural * 0.75


async def test_nothing_to_pronounce_is_a_moment_of_silence(openai_client: AsyncOpenAI) -> None:
    made = await openai_client.audio.speech.create(model="tts-1", voice="alloy", input="...", response_format="wav")
    (pcm,) = decode_file(made.content)
    assert 0 < len(pcm) <= LISTEN_RATE


@pytest.mark.parametrize(
    ("options", "param"),
    [({"response_format": "ogg"}, "response_format"), ({"input": ""}, "input"), ({"input": "x" * 4097}, "input"),
     ({"speed": 9}, "speed"), ({"stream_format": "smoke"}, "stream_format")],
)  # fmt: skip
async def test_what_cannot_be_made_is_refused(
    openai_client: AsyncOpenAI, options: dict[str, object], param: str
) -> None:
    body = {"model": "tts-1", "voice": "alloy", "input": TEXT, **options}
    with pytest.raises(openai.BadRequestError) as error:
        await openai_client.post("/audio/speech", body=body, cast_to=object)
    assert error.value.param == param


async def test_transcriptions(openai_client: AsyncOpenAI, speaker: Speaker) -> None:
    file = ("said.wav", wav_file(speaker.say(TEXT), LISTEN_RATE))
    verbose = await openai_client.audio.transcriptions.create(
        model="whisper-1", file=file, response_format="verbose_json"
    )
    assert word_errors(TEXT, verbose.text) == 0
    spoken = verbose.words or []
    assert len(spoken) == len(TEXT.split())
    assert all(word.start <= word.end for word in spoken)
    assert all(a.start <= b.start for a, b in itertools.pairwise(spoken))
    quiet = ("quiet.wav", wav_file(silence(3), LISTEN_RATE))
    assert (await openai_client.audio.transcriptions.create(model="whisper-1", file=quiet)).text == ""
    with pytest.raises(openai.BadRequestError) as error:
        await openai_client.audio.transcriptions.create(model="whisper-1", file=("x.wav", b"nonsense" * 100))
    assert error.value.param == "file"
    with pytest.raises(openai.BadRequestError):
        await openai_client.audio.transcriptions.create(model="whisper-1", file=file, response_format="srt")
