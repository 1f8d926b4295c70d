"""A real server in a process of its own, and the real clients that talk to it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from deepgram import AsyncDeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from openai import AsyncOpenAI
from speech_samples import Speaker

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[str]
    url: str
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


def start_server(log: Path, *options: str) -> Server:
    """Run `python -m inference` on a free port and wait until it says that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "inference", "--port", "0", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=log.open("w"),
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"ready on (http://\S+)", line)
    assert found, f"the server did not start: {line!r}\n{log.read_text()[-3000:]}"
    return Server(process, found.group(1), log)


def stop_server(server: Server) -> None:
    server.process.terminate()
    try:
        server.process.wait(10)
    finally:
        server.process.kill()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start_server(tmp_path_factory.mktemp("inference") / "server.log", "--allow-faults")
    yield running
    stop_server(running)


@pytest.fixture(scope="session")
def speaker() -> Speaker:
    return Speaker()


@pytest.fixture(scope="session")
async def openai_client(server: Server) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0) as client:
        yield client


@pytest.fixture(scope="session")
def deepgram_client(server: Server) -> AsyncDeepgramClient:
    socket = server.url.replace("http", "ws", 1)
    environment = DeepgramClientEnvironment(base=server.url, production=socket, agent=socket, agent_rest=server.url)
    return AsyncDeepgramClient(api_key="any", environment=environment)


@pytest.fixture
async def http(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """A plain client for the operator's endpoints. Leaves no fault behind."""
    async with httpx.AsyncClient(base_url=server.url, timeout=10) as client:
        yield client
        await client.delete("/faults")
