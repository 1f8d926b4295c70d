"""A real server in a process of its own, and the real clients that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from deepgram import AsyncDeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from openai import AsyncOpenAI
from server_process import Server, start_server, stop_server
from speech_samples import Speaker


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
    async with httpx.AsyncClient(base_url=server.url, timeout=60) as client:
        yield client
        await client.delete("/faults")
