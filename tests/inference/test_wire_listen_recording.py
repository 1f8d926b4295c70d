"""Deepgram's prerecorded wire, through Deepgram's own client."""

from __future__ import annotations

import struct

import httpx
import numpy as np
import pytest
from deepgram import AsyncDeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.types.listen_v1response import ListenV1Response
from speech_samples import SENTENCES, Speaker, noise, silence, word_errors

from inference.engines.audio import wav_file
from inference.engines.base import LISTEN_RATE, Pcm16

pytestmark = pytest.mark.stack


async def listen(client: AsyncDeepgramClient, data: bytes, **options: object) -> ListenV1Response:
    answer = await client.listen.v1.media.transcribe_file(request=data, model="nova-3", **options)  # type: ignore[arg-type]
    assert isinstance(answer, ListenV1Response)
    return answer


def stereo_wav(left: Pcm16, right: Pcm16) -> bytes:
    size = max(len(left), len(right))
    both = np.stack([np.pad(part, (0, size - len(part))) for part in (left, right)], axis=1)
    data = both.astype("<i2").tobytes()
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 2, LISTEN_RATE, LISTEN_RATE * 4, 4, 16)
    return b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVE" + form + b"data" + struct.pack("<I", len(data)) + data


async def test_a_recording_gives_words_with_times(deepgram_client: AsyncDeepgramClient, speaker: Speaker) -> None:
    pcm = np.concatenate([silence(1), speaker.say(SENTENCES[3]), silence(1)])
    answer = await listen(deepgram_client, wav_file(pcm, LISTEN_RATE), punctuate=True)
    (alternative,) = answer.results.channels[0].alternatives or []
    assert word_errors(SENTENCES[3], alternative.transcript or "") == 0
    assert alternative.confidence is not None and 0.5 < alternative.confidence <= 1
    said = alternative.words or []
    assert [word.word for word in said] == SENTENCES[3].lower().strip("?").split()
    assert said[0].start is not None and said[-1].end is not None
    assert 0.9 < said[0].start < 1.6 and said[-1].end < len(pcm) / LISTEN_RATE - 0.7
    assert answer.metadata.duration == pytest.approx(len(pcm) / LISTEN_RATE, abs=0.01)
    assert answer.metadata.channels == 1 and answer.metadata.request_id and answer.metadata.model_info


async def test_without_punctuation_the_transcript_is_plain(
    deepgram_client: AsyncDeepgramClient, speaker: Speaker
) -> None:
    answer = await listen(deepgram_client, wav_file(speaker.say(SENTENCES[6]), LISTEN_RATE))
    assert (answer.results.channels[0].alternatives or [])[0].transcript == "yes that is correct"


async def test_channels_are_kept_apart_and_utterances_are_in_order(
    deepgram_client: AsyncDeepgramClient, speaker: Speaker
) -> None:
    agent, caller, again = (speaker.say(SENTENCES[index]) for index in (0, 1, 3))
    left = np.concatenate([agent, silence(len(caller) / LISTEN_RATE + 2), again])
    right = np.concatenate([silence(len(agent) / LISTEN_RATE + 1), caller])
    answer = await listen(deepgram_client, stereo_wav(left, right), multichannel=True, utterances=True, punctuate=True)
    assert answer.metadata.channels == 2 and len(answer.results.channels) == 2
    utterances = answer.results.utterances or []
    assert [utterance.channel for utterance in utterances] == [0, 1, 0]
    for index, utterance in zip((0, 1, 3), utterances, strict=True):
        assert word_errors(SENTENCES[index], utterance.transcript or "") == 0
    mixed = await listen(deepgram_client, stereo_wav(left, right), punctuate=True)
    assert mixed.metadata.channels == 1
    expected = " ".join(SENTENCES[index] for index in (0, 1, 3))
    assert word_errors(expected, (mixed.results.channels[0].alternatives or [])[0].transcript or "") <= 1


async def test_raw_samples_need_no_container(http: httpx.AsyncClient, speaker: Speaker) -> None:
    query = {"encoding": "linear16", "sample_rate": LISTEN_RATE, "punctuate": "true"}
    answer = await http.post("/v1/listen", params=query, content=speaker.say(SENTENCES[6]).tobytes())
    assert word_errors(SENTENCES[6], answer.json()["results"]["channels"][0]["alternatives"][0]["transcript"]) == 0


@pytest.mark.parametrize("quiet", [silence(4), noise(4), noise(4, level=0.2, seed=5), silence(0)])
async def test_silence_and_noise_say_nothing(deepgram_client: AsyncDeepgramClient, quiet: Pcm16) -> None:
    answer = await listen(deepgram_client, wav_file(quiet, LISTEN_RATE), utterances=True)
    (alternative,) = answer.results.channels[0].alternatives or []
    assert alternative.transcript == "" and alternative.words == [] and answer.results.utterances == []


async def test_a_long_recording_is_read_to_its_end(deepgram_client: AsyncDeepgramClient, speaker: Speaker) -> None:
    pcm = np.concatenate([part for text in SENTENCES * 2 for part in (speaker.say(text), silence(0.3))])
    assert len(pcm) > 35 * LISTEN_RATE
    answer = await listen(deepgram_client, wav_file(pcm, LISTEN_RATE), punctuate=True)
    (alternative,) = answer.results.channels[0].alternatives or []
    expected = " ".join(SENTENCES * 2)
    assert word_errors(expected, alternative.transcript or "") <= len(expected.split()) * 0.05


async def test_wrong_requests_get_deepgrams_error(
    deepgram_client: AsyncDeepgramClient, http: httpx.AsyncClient
) -> None:
    with pytest.raises(ApiError) as error:
        await listen(deepgram_client, b"this is no audio" * 30)
    assert error.value.status_code == 400 and "err_msg" in error.value.body
    by_url = await http.post("/v1/listen", json={"url": "https://example.com/a.wav"})
    assert by_url.status_code == 400 and "URL" in by_url.json()["err_msg"]
    bad = await http.post("/v1/listen", params={"encoding": "opus"}, content=b"x")
    assert bad.status_code == 400 and bad.json()["err_code"] == "INVALID_QUERY_PARAMETER"
