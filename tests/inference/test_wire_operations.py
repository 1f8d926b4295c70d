"""Health, queues, metrics, start and stop, and what never gets into the log."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from openai import AsyncOpenAI
from server_process import ROOT, Server, start_server, stop_server
from speech_samples import SENTENCES, Speaker

from inference.engines.audio import wav_file
from inference.engines.base import LISTEN_RATE

pytestmark = pytest.mark.stack


def metric(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found.group(1)) if found else 0.0


async def test_health_is_ready(http: httpx.AsyncClient) -> None:
    assert (await http.get("/health")).json() == {"status": "ready"}


async def test_depth_grows_under_load_and_is_gone_after_it(http: httpx.AsyncClient, speaker: Speaker) -> None:
    data = wav_file(speaker.say(" ".join(SENTENCES[:3])), LISTEN_RATE)
    before = (await http.get("/metrics")).text
    asking = [asyncio.create_task(http.post("/v1/listen", content=data)) for _ in range(6)]
    deepest = 0
    while not all(task.done() for task in asking):
        queue = (await http.get("/queue")).json()["listen"]
        text = (await http.get("/metrics")).text
        assert queue["running"] <= queue["workers"] == 2
        deepest = max(deepest, queue["waiting"])
        assert metric(text, 'inference_waiting{queue="listen"}') <= 4
    assert deepest >= 3
    assert all(task.result().status_code == 200 for task in asking)
    after = (await http.get("/metrics")).text
    name = 'inference_requests_total{kind="listen",outcome="ok"}'
    assert metric(after, name) - metric(before, name) == 6
    assert metric(after, 'inference_in_flight{kind="listen"}') == 0
    assert metric(after, 'inference_queue_wait_seconds_count{queue="listen"}') > 0
    assert (await http.get("/queue")).json()["listen"] == {"waiting": 0, "running": 0, "workers": 2}


async def test_outcomes_are_counted_apart(http: httpx.AsyncClient, openai_client: AsyncOpenAI) -> None:
    before = (await http.get("/metrics")).text
    await http.post("/v1/chat/completions", json={"model": "house-1"})
    await http.put("/faults/chat", json={"kind": "error", "count": 1})
    hello = {"model": "house-1", "messages": [{"role": "user", "content": "Hello"}]}
    await http.post("/v1/chat/completions", json=hello)
    await http.post("/v1/chat/completions", json=hello)
    after = (await http.get("/metrics")).text
    for outcome in ("refused", "fault", "ok"):
        name = f'inference_requests_total{{kind="chat",outcome="{outcome}"}}'
        assert metric(after, name) - metric(before, name) == 1, outcome


async def test_a_listener_who_leaves_in_mid_stream_is_counted_as_cancelled(http: httpx.AsyncClient) -> None:
    name = 'inference_requests_total{kind="speech",outcome="cancelled"}'
    before = metric((await http.get("/metrics")).text, name)
    body = {"model": "tts-1", "voice": "x", "input": "One sentence. " * 250, "response_format": "wav"}
    async with http.stream("POST", "/v1/audio/speech", json=body) as response:
        async for _ in response.aiter_bytes():
            break
    async with asyncio.timeout(5):
        while metric((await http.get("/metrics")).text, name) == before:
            pass
    assert (await http.get("/queue")).json()["speech"]["waiting"] == 0


async def test_nothing_that_was_said_is_in_the_log(
    tmp_path: Path, openai_client: AsyncOpenAI, speaker: Speaker
) -> None:
    running = start_server(tmp_path / "server.log", "--log-level", "debug")
    try:
        async with httpx.AsyncClient(base_url=running.url, timeout=20) as http:
            said = {"model": "house-1", "messages": [{"role": "user", "content": "My secret is Rumpelstiltskin"}]}
            assert (await http.post("/v1/chat/completions", json=said)).status_code == 200
            spoken = {"model": "tts-1", "voice": "x", "input": "The secret is Rumpelstiltskin."}
            assert (await http.post("/v1/audio/speech", json=spoken)).status_code == 200
            wrong = {"model": "tts-1", "voice": "x", "input": "Rumpelstiltskin", "speed": 99}
            assert (await http.post("/v1/audio/speech", json=wrong)).status_code == 400
            data = wav_file(speaker.say(SENTENCES[4]), LISTEN_RATE)
            assert "subscription" in (await http.post("/v1/listen", content=data)).text
    finally:
        stop_server(running)
    log = running.log.read_text()
    assert "chatcmpl-" in log
    assert "Rumpel" not in log and "subscription" not in log


def test_a_port_in_use_is_an_error_that_names_the_fix(server: Server) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "inference", "--port", str(server.port)],
        cwd=ROOT, capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert run.returncode == 1 and "--port" in run.stderr and "Traceback" not in run.stderr


def test_it_stops_within_seconds_even_with_a_stream_open(tmp_path: Path) -> None:
    running = start_server(tmp_path / "server.log")
    with socket.create_connection(("127.0.0.1", running.port)) as connection:
        request = (
            "GET /v1/listen?encoding=linear16&sample_rate=16000 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        connection.sendall(request.encode())
        assert b"101" in connection.recv(200)
        running.process.terminate()
        assert running.process.wait(6) in (0, -15)
