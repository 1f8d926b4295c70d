"""When a channel decodes, and what it makes of the results. Real speech detection, a transcriber under control."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from speech_samples import SENTENCES, Speaker, noise, silence
from starlette.websockets import WebSocketDisconnect

from inference.app import create_app
from inference.engines.base import LISTEN_RATE, Pcm16, Transcript, Word
from inference.listening.channel import ChannelListener
from inference.listening.options import ListenOptions
from inference.serving.services import Services
from inference.wire.chat import ChatRequest, HouseReply
from inference.wire.listen import StreamIdentity


class ScriptedTranscriber:
    """Answers with the length of what it got. Waits for `gate` before it does."""

    def __init__(self) -> None:
        self.lengths: list[float] = []
        self.gate = threading.Event()
        self.gate.set()
        self.fails = False

    def transcribe(self, pcm: Pcm16) -> Transcript:
        self.lengths.append(len(pcm) / LISTEN_RATE)
        assert self.gate.wait(10)
        if self.fails:
            raise RuntimeError("the engine broke")
        return Transcript(f"call {len(self.lengths)}", (Word("call", 0.1, 0.2, 0.9),), 0.9)


class Mute:
    def synthesize(self, text: str, *, speed: float = 1.0) -> Iterator[Pcm16]:
        yield silence(0.1)


def respond(_: ChatRequest) -> HouseReply:
    return HouseReply(content="")


@pytest.fixture
def transcriber() -> ScriptedTranscriber:
    return ScriptedTranscriber()


@pytest.fixture
def services(transcriber: ScriptedTranscriber) -> Iterator[Services]:
    made = Services(transcriber, Mute(), respond)
    yield made
    transcriber.gate.set()
    made.close()


class Channel:
    def __init__(self, services: Services, options: ListenOptions) -> None:
        self.sent: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self.listener = ChannelListener(services, StreamIdentity(1), 0, options, self._send)
        self.running = asyncio.create_task(self.listener.run())

    async def _send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    async def push(self, *parts: Pcm16) -> None:
        """Audio in pieces of 50 ms, with a turn of the loop for each: results arrive in between."""
        pcm = np.concatenate(parts)
        for at in range(0, len(pcm), 800):
            self.listener.push(pcm[at : at + 800])
            await asyncio.sleep(0.001)

    async def finish(self) -> list[dict[str, Any]]:
        self.listener.close()
        await self.running
        return [message for message in self.sent if message["type"] == "Results"]


@pytest.fixture
async def channel(services: Services) -> AsyncIterator[Channel]:
    made = Channel(services, ListenOptions(encoding="linear16", interim_results=True, endpoint_seconds=0.3))
    yield made
    made.running.cancel()


async def test_the_decoding_that_began_at_the_first_silence_is_the_final_one(
    services: Services, transcriber: ScriptedTranscriber, speaker: Speaker
) -> None:
    plain = Channel(services, ListenOptions(encoding="linear16", punctuated=True, endpoint_seconds=0.3))
    said = speaker.say(SENTENCES[2])
    await plain.push(said, silence(0.6))
    (final,) = await plain.finish()
    assert final["is_final"] and final["speech_final"] and final["channel"]["alternatives"][0]["transcript"] == "call 1"
    assert len(transcriber.lengths) == 1, "decoded once"
    assert transcriber.lengths[0] < len(said) / LISTEN_RATE + 0.3, "before the silence was over"


async def test_a_speaker_who_goes_on_is_decoded_whole(
    services: Services, transcriber: ScriptedTranscriber, speaker: Speaker
) -> None:
    plain = Channel(services, ListenOptions(encoding="linear16", punctuated=True, endpoint_seconds=0.8))
    first, second = speaker.say(SENTENCES[6]), speaker.say(SENTENCES[3])
    await plain.push(first, silence(0.4), second, silence(1.2))
    (final,) = await plain.finish()
    whole = (len(first) + len(second)) / LISTEN_RATE
    assert transcriber.lengths[-1] > whole
    assert final["channel"]["alternatives"][0]["transcript"] == f"call {len(transcriber.lengths)}"


async def test_interims_come_while_the_engine_is_idle(channel: Channel, speaker: Speaker) -> None:
    await channel.push(speaker.say(SENTENCES[2]), silence(0.6))
    results = await channel.finish()
    assert [result["is_final"] for result in results].count(True) == 1
    assert sum(not result["is_final"] for result in results) >= 2
    assert results[-1]["is_final"], "no interim result after the final one"


async def test_a_busy_engine_gets_no_interims_and_the_final_goes_first(
    channel: Channel, services: Services, transcriber: ScriptedTranscriber, speaker: Speaker
) -> None:
    gate = threading.Event()
    others = [services.listen_queue.submit(lambda: gate.wait(10)) for _ in range(4)]
    await channel.push(speaker.say(SENTENCES[2]), silence(0.6))
    assert transcriber.lengths == [] and services.listen_queue.waiting == 3, "two others wait, and one final"
    transcriber.gate.clear()
    gate.set()
    await asyncio.wait(others[:2])
    transcriber.gate.set()
    results = await channel.finish()
    assert [result["is_final"] for result in results] == [True]


async def test_noise_is_never_decoded(channel: Channel, transcriber: ScriptedTranscriber) -> None:
    await channel.push(noise(3, level=0.1), silence(0.5))
    channel.listener.finalize(answer=True)
    (result,) = await channel.finish()
    assert result["from_finalize"] and result["channel"]["alternatives"][0] == {
        "transcript": "", "confidence": 0.0, "words": [],
    }  # fmt: skip
    assert transcriber.lengths == []


def test_an_engine_that_breaks_closes_the_stream_with_an_error(
    services: Services, transcriber: ScriptedTranscriber, speaker: Speaker
) -> None:
    transcriber.fails = True
    with TestClient(create_app(services)) as client:
        url = "/v1/listen?encoding=linear16&sample_rate=16000"
        with client.websocket_connect(url) as socket, pytest.raises(WebSocketDisconnect) as error:
            socket.send_bytes(np.concatenate([speaker.say(SENTENCES[2]), silence(1)]).tobytes())
            socket.receive_json()
        assert error.value.code == 1011
        assert 'inference_requests_total{kind="listen_live",outcome="error"} 1.0' in client.get("/metrics").text
