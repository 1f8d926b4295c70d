"""Deepgram's live wire, through Deepgram's own client."""

from __future__ import annotations

import itertools

import httpx
import numpy as np
import pytest
from deepgram import AsyncDeepgramClient
from deepgram.core.api_error import ApiError
from live_stream import live_stream
from server_process import Server
from speech_samples import SENTENCES, Speaker, noise, silence, word_errors
from websockets.exceptions import ConnectionClosedError

from inference.engines.audio import wav_file
from inference.engines.base import LISTEN_RATE, Pcm16

pytestmark = pytest.mark.stack
FULL = {"interim_results": "true", "vad_events": "true", "endpointing": 25}


async def test_an_utterance_from_its_start_to_its_final(deepgram_client: AsyncDeepgramClient, speaker: Speaker) -> None:
    text = SENTENCES[2]
    async with live_stream(deepgram_client, **FULL) as live:
        await live.speak(silence(0.5))
        await live.speak(speaker.say(text))
        await live.speak(silence(0.8))
        await live.until(lambda: bool(live.finals) and bool(live.finals[-1].speech_final))
        await live.speak(silence(0.3))
        assert word_errors(text, live.heard) == 0
        started = live.of("SpeechStarted")
        assert len(started) == 1 and 0.4 < started[0].timestamp < 1.2
        interims = [result for result in live.of("Results") if not result.is_final]
        assert interims and all(not result.speech_final for result in interims)
        final = live.finals[0]
        said = final.channel.alternatives[0].words
        assert [word.punctuated_word for word in said] == final.channel.alternatives[0].transcript.split()
        assert all(a.start <= b.start for a, b in itertools.pairwise(said))
        assert 0.4 < said[0].start < 1.3 and said[-1].end <= final.start + final.duration + 0.1
        assert final.channel_index == [0, 1] and final.metadata.request_id


async def test_results_cover_the_stream_without_gap_or_overlap(
    deepgram_client: AsyncDeepgramClient, speaker: Speaker
) -> None:
    async with live_stream(deepgram_client, **FULL) as live:
        for text in SENTENCES[4:7]:
            await live.speak(speaker.say(text), pace=2)
            await live.speak(silence(0.8), pace=2)
        await live.socket.send_finalize()
        await live.until(lambda: bool(live.finals and live.finals[-1].from_finalize))
    assert live.finals[0].start == 0
    for before, after in itertools.pairwise(live.finals):
        assert after.start == pytest.approx(before.start + before.duration, abs=0.01)


async def test_finalize_answers_at_once_and_even_when_there_is_nothing(
    deepgram_client: AsyncDeepgramClient, speaker: Speaker
) -> None:
    async with live_stream(deepgram_client, **FULL) as live:
        await live.socket.send_finalize()
        await live.until(lambda: len(live.finals) == 1, 1)
        assert live.finals[0].from_finalize and live.heard == ""
        await live.speak(speaker.say(SENTENCES[3]))
        await live.socket.send_finalize()
        await live.until(lambda: len(live.finals) == 2, 2)
        assert live.finals[1].from_finalize and live.finals[1].speech_final
        assert word_errors(SENTENCES[3], live.heard) == 0


async def test_close_stream_gives_the_rest_then_metadata_then_closes(
    deepgram_client: AsyncDeepgramClient, speaker: Speaker
) -> None:
    pcm = speaker.say(SENTENCES[1])
    async with live_stream(deepgram_client) as live:
        await live.speak(pcm, pace=4)
        await live.socket.send_close_stream()
        await live.until(live.closed.is_set)
        assert word_errors(SENTENCES[1], live.heard) == 0
        last = live.messages[-1]
        assert last.type == "Metadata" and last.channels == 1 and len(last.sha256) == 64
        assert last.duration == pytest.approx(len(pcm) / LISTEN_RATE, abs=0.05)


@pytest.mark.parametrize("quiet", [silence(3), noise(3), noise(3, level=0.15, seed=9)])
async def test_silence_and_noise_are_never_words(deepgram_client: AsyncDeepgramClient, quiet: Pcm16) -> None:
    async with live_stream(deepgram_client, **FULL) as live:
        await live.speak(quiet, pace=3)
        await live.socket.send_close_stream()
        await live.until(live.closed.is_set)
        assert live.heard == ""
        assert all(not result.channel.alternatives[0].transcript for result in live.of("Results"))


async def test_speech_in_noise_is_heard_and_the_noise_around_it_is_not(
    deepgram_client: AsyncDeepgramClient, speaker: Speaker
) -> None:
    said = speaker.say(SENTENCES[2])
    pcm = np.concatenate([silence(1.5), said, silence(1.5)]).astype(np.int32)
    level = float(np.sqrt(np.mean(said.astype(np.float64) ** 2))) / 32767 * 10 ** (-15 / 20)
    noisy = (pcm + noise(len(pcm) / LISTEN_RATE, level=level)[: len(pcm)]).clip(-32768, 32767).astype(np.int16)
    async with live_stream(deepgram_client, **FULL) as live:
        await live.speak(noisy, pace=2)
        await live.until(lambda: bool(live.heard))
        assert word_errors(SENTENCES[2], live.heard) <= 1


async def test_utterance_end_follows_the_last_word(deepgram_client: AsyncDeepgramClient, speaker: Speaker) -> None:
    async with live_stream(deepgram_client, utterance_end_ms=1000, **FULL) as live:
        await live.speak(speaker.say(SENTENCES[6]))
        await live.speak(silence(1.8), pace=2)
        await live.until(lambda: bool(live.of("UtteranceEnd")), 2)
        (end,) = live.of("UtteranceEnd")
        assert end.channel == [0, 1]
        assert end.last_word_end == pytest.approx(live.finals[-1].channel.alternatives[0].words[-1].end, abs=0.01)


async def test_a_microphone_that_goes_mute_still_gets_its_final(
    deepgram_client: AsyncDeepgramClient, speaker: Speaker
) -> None:
    async with live_stream(deepgram_client, **FULL) as live:
        await live.speak(speaker.say(SENTENCES[3]))
        await live.socket.send_keep_alive()
        await live.until(lambda: bool(live.finals), 3)
        assert live.finals[0].speech_final and word_errors(SENTENCES[3], live.heard) == 0


async def test_without_endpointing_silence_is_never_speech_final(
    deepgram_client: AsyncDeepgramClient, speaker: Speaker
) -> None:
    async with live_stream(deepgram_client, interim_results="true", endpointing="false") as live:
        await live.speak(speaker.say(SENTENCES[3]))
        await live.speak(silence(0.8))
        await live.until(lambda: bool(live.heard))
        assert not any(result.speech_final for result in live.of("Results"))
        assert not live.of("SpeechStarted"), "vad_events was not asked for"


async def test_longer_endpointing_keeps_a_pause_inside_the_utterance(
    deepgram_client: AsyncDeepgramClient, speaker: Speaker
) -> None:
    pcm = np.concatenate([speaker.say(SENTENCES[6]), silence(0.6), speaker.say(SENTENCES[5]), silence(1.5)])
    async with live_stream(deepgram_client, endpointing=1000) as live:
        await live.speak(pcm, pace=3)
        await live.until(lambda: bool(live.finals), 3)
        assert len(live.finals) == 1
        assert word_errors(f"{SENTENCES[6]} {SENTENCES[5]}", live.heard) <= 1


async def test_speech_longer_than_whispers_window_is_not_lost(
    deepgram_client: AsyncDeepgramClient, speaker: Speaker
) -> None:
    text = " ".join([*SENTENCES, *SENTENCES[:4]])
    pcm = np.concatenate([part for each in (*SENTENCES, *SENTENCES[:4]) for part in (speaker.say(each), silence(0.12))])
    assert len(pcm) > 25 * LISTEN_RATE
    async with live_stream(deepgram_client, endpointing=1000) as live:
        await live.speak(pcm, pace=6)
        await live.socket.send_close_stream()
        await live.until(live.closed.is_set, 20)
        assert len(live.finals) >= 2
        assert word_errors(text, live.heard) <= len(text.split()) * 0.1


async def test_other_rates_and_two_channels(deepgram_client: AsyncDeepgramClient, speaker: Speaker) -> None:
    both = [speaker.say(SENTENCES[index]) for index in (1, 3)]
    size = max(map(len, both)) + LISTEN_RATE
    stereo = np.stack([np.pad(pcm, (0, size - len(pcm))) for pcm in both], axis=1).repeat(3, axis=0)  # 48 kHz
    async with live_stream(deepgram_client, sample_rate=48_000, channels=2, multichannel="true") as live:
        for at in range(0, len(stereo), 4800):
            await live.socket.send_media(stereo[at : at + 4800].tobytes())
        await live.socket.send_close_stream()
        await live.until(live.closed.is_set, 10)
        heard = {0: "", 1: ""}
        for final in live.finals:
            assert final.channel_index[1] == 2
            heard[int(final.channel_index[0])] += final.channel.alternatives[0].transcript + " "
    assert word_errors(SENTENCES[1], heard[0]) == 0 and word_errors(SENTENCES[3], heard[1]) == 0


async def test_a_wav_stream_needs_no_encoding(deepgram_client: AsyncDeepgramClient, speaker: Speaker) -> None:
    async with live_stream(deepgram_client, encoding=None, sample_rate=None) as live:
        data = wav_file(speaker.say(SENTENCES[6]), LISTEN_RATE)
        for at in range(0, len(data), 1001):
            await live.socket.send_media(data[at : at + 1001])
        await live.socket.send_close_stream()
        await live.until(live.closed.is_set)
        assert word_errors(SENTENCES[6], live.heard) == 0


async def test_bad_requests_are_refused_before_the_stream_opens(deepgram_client: AsyncDeepgramClient) -> None:
    with pytest.raises(ApiError) as error:
        async with live_stream(deepgram_client, encoding="opus"):
            pass
    assert error.value.status_code == 400


async def test_garbage_and_cut_connections_do_no_harm(
    deepgram_client: AsyncDeepgramClient, http: httpx.AsyncClient, server: Server, speaker: Speaker
) -> None:
    async with live_stream(deepgram_client, encoding=None, sample_rate=None) as live:
        await live.socket.send_media(b"OggS, or something else that is no WAV stream")
        await live.until(live.closed.is_set)
    with pytest.raises(ConnectionClosedError):
        async with live_stream(deepgram_client, **FULL) as live:
            await live.socket._websocket.send("no json {")
            await live.socket._websocket.send('{"type": "Unheard"}')
            await live.speak(speaker.say(SENTENCES[6]), pace=4)
            live.socket._websocket.transport.abort()  # type: ignore[attr-defined]
    async with live_stream(deepgram_client, **FULL) as live:
        await live.speak(speaker.say(SENTENCES[6]), pace=4)
        await live.socket.send_finalize()
        await live.until(lambda: bool(live.heard))
    assert "Traceback" not in server.log.read_text()
    depth = (await http.get("/queue")).json()
    assert depth["listen"]["waiting"] == 0
