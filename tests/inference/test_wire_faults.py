"""Faults on demand, as clients see them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import openai
import pytest
from deepgram import AsyncDeepgramClient
from deepgram.core.api_error import ApiError
from live_stream import live_stream
from openai import AsyncOpenAI
from speech_samples import SENTENCES, Speaker, silence, word_errors

pytestmark = pytest.mark.stack
HELLO: Any = [{"role": "user", "content": "Hello there!"}]


async def set_fault(http: httpx.AsyncClient, target: str, **spec: object) -> None:
    (await http.put(f"/faults/{target}", json=spec)).raise_for_status()


async def ask(client: AsyncOpenAI, model: str = "house-1") -> str:
    answer = await client.chat.completions.create(model=model, messages=HELLO)
    return answer.choices[0].message.content or ""


async def test_an_error_hits_as_often_as_asked_and_only_the_model_named(
    openai_client: AsyncOpenAI, http: httpx.AsyncClient
) -> None:
    await set_fault(http, "chat", kind="error", status=429, count=2, match="house-1")
    assert await ask(openai_client, "another")
    for _ in range(2):
        with pytest.raises(openai.RateLimitError):
            await ask(openai_client)
    assert await ask(openai_client)
    assert (await http.get("/faults")).json()["chat"]["hits"] == 2
    await set_fault(http, "chat", kind="error")
    with pytest.raises(openai.InternalServerError):
        await ask(openai_client)
    assert (await http.delete("/faults/chat")).json() == {"removed": 1}
    assert await ask(openai_client) and (await http.get("/faults")).json() == {}


async def test_delay_and_slow_first_token_take_their_time(openai_client: AsyncOpenAI, http: httpx.AsyncClient) -> None:
    await set_fault(http, "chat", kind="delay", seconds=0.3, count=1)
    started = time.perf_counter()
    await ask(openai_client)
    assert time.perf_counter() - started >= 0.3

    await set_fault(http, "chat", kind="slow_first_token", seconds=0.4, count=1)
    started = time.perf_counter()
    stream = await openai_client.chat.completions.create(model="house-1", messages=HELLO, stream=True)
    opened = time.perf_counter() - started
    chunks = [chunk async for chunk in stream]
    assert opened < 0.3 < 0.4 <= time.perf_counter() - started
    assert chunks[-1].choices[0].finish_reason == "stop"


async def test_a_hang_ends_when_the_fault_is_removed(openai_client: AsyncOpenAI, http: httpx.AsyncClient) -> None:
    await set_fault(http, "chat", kind="hang")
    with pytest.raises(openai.APITimeoutError):
        await ask(openai_client.with_options(timeout=0.3))
    asking = asyncio.create_task(ask(openai_client))
    done, _ = await asyncio.wait({asking}, timeout=0.3)
    assert not done
    assert 'inference_in_flight{kind="chat"}' in (await http.get("/metrics")).text
    await http.delete("/faults/chat")
    assert await asyncio.wait_for(asking, 2)


async def test_a_cut_breaks_streams_and_plain_answers(openai_client: AsyncOpenAI, http: httpx.AsyncClient) -> None:
    await set_fault(http, "chat", kind="cut")
    stream = await openai_client.chat.completions.create(model="house-1", messages=HELLO, stream=True)
    chunks = []
    with pytest.raises(openai.APIConnectionError):
        async for chunk in stream:
            chunks.append(chunk)
    assert chunks and all(chunk.choices[0].finish_reason is None for chunk in chunks)
    with pytest.raises(openai.APIConnectionError):
        await ask(openai_client)
    await set_fault(http, "speech", kind="cut")
    with pytest.raises(openai.APIConnectionError):
        await openai_client.audio.speech.create(model="tts-1", voice="alloy", input="Hello. There.")
    await http.delete("/faults")
    assert await ask(openai_client)


async def test_speech_errors(openai_client: AsyncOpenAI, http: httpx.AsyncClient) -> None:
    await set_fault(http, "speech", kind="error", status=503, count=1)
    with pytest.raises(openai.InternalServerError):
        await openai_client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")
    assert (await openai_client.audio.speech.create(model="tts-1", voice="alloy", input="Hello.")).content


async def test_listen_refuses_the_handshake_and_the_recording(
    deepgram_client: AsyncDeepgramClient, http: httpx.AsyncClient
) -> None:
    await set_fault(http, "listen", kind="error", status=503, count=2)
    with pytest.raises(ApiError) as error:
        async with live_stream(deepgram_client):
            pass
    assert error.value.status_code == 503
    assert (await http.post("/v1/listen", content=b"x")).status_code == 503


async def test_listen_is_cut_and_hangs_in_mid_stream(
    deepgram_client: AsyncDeepgramClient, http: httpx.AsyncClient, speaker: Speaker
) -> None:
    async with live_stream(deepgram_client) as live:
        await live.speak(silence(0.2))
        await set_fault(http, "listen", kind="cut", count=1)
        await live.socket.send_media(silence(0.02).tobytes())
        await live.until(live.closed.is_set)
    async with live_stream(deepgram_client) as live:
        await set_fault(http, "listen", kind="hang")
        await live.speak(speaker.say(SENTENCES[6]), pace=2)
        await live.speak(silence(1.0), pace=2)
        assert live.messages == []
        await http.delete("/faults/listen")
        await live.until(lambda: bool(live.finals))
        assert word_errors(SENTENCES[6], live.heard) == 0


async def test_listen_holds_back_its_finals(
    deepgram_client: AsyncDeepgramClient, http: httpx.AsyncClient, speaker: Speaker
) -> None:
    await set_fault(http, "listen", kind="slow_first_token", seconds=1.0, count=1)
    async with live_stream(deepgram_client) as live:
        sent = await live.speak(speaker.say(SENTENCES[6]), pace=2)
        await live.socket.send_finalize()
        await live.until(lambda: bool(live.finals))
        assert live.arrivals[-1] - sent >= 1.0


async def test_wrong_faults_are_refused(http: httpx.AsyncClient) -> None:
    for target, spec in (
        ("chat", {"kind": "explode"}),
        ("moon", {"kind": "error"}),
        ("chat", {"kind": "error", "status": 200}),
        ("chat", {"kind": "error", "times": 2}),
    ):
        assert (await http.put(f"/faults/{target}", json=spec)).status_code == 400
