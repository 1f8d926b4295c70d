"""The real LiveKit and Temporal servers under the supervisor."""

import asyncio
import subprocess
from pathlib import Path

import psutil
import pytest
from livekit import api
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.client import Client

from workers.stack.servers import DEFAULT_SPEC, binary
from workers.stack.stack import Stack

pytestmark = pytest.mark.stack
SERVERS = ["temporal", "livekit"]


async def test_both_start_bound_to_loopback_and_configured(data: Path) -> None:
    async with Stack.start(data=data, auto_ports=True, only=SERVERS) as stack:
        for name in SERVERS:
            bound = [c.laddr.ip for c in psutil.Process(stack.pid(name)).net_connections() if c.status != "ESTABLISHED"]
            assert bound and set(bound) == {"127.0.0.1"}
        client = await Client.connect(stack.address("temporal"))
        known = await client.operator_service.list_search_attributes(ListSearchAttributesRequest(namespace="default"))
        assert {"SessionId", "Deadline", "ApprovalState"} <= set(known.custom_attributes)
        url = stack.address("livekit").replace("ws", "http", 1)
        async with api.LiveKitAPI(url, stack.env["LIVEKIT_API_KEY"], stack.env["LIVEKIT_API_SECRET"]) as livekit:
            assert (await livekit.room.create_room(api.CreateRoomRequest(name="r"))).name == "r"
        assert (data / "livekit.yaml").stat().st_mode & 0o077 == 0


async def test_temporal_keeps_its_histories_over_a_kill(data: Path) -> None:
    async with Stack.start(data=data, auto_ports=True, only=["temporal"]) as stack:
        client = await Client.connect(stack.address("temporal"))
        await client.start_workflow("Nobody", id="kept", task_queue="nowhere")
        await stack.kill("temporal")
        await stack.wait_ready("temporal", 20)
        assert (await client.get_workflow_handle("kept").describe()).id == "kept"


async def test_the_cli_takes_the_description_as_its_env_file(data: Path) -> None:
    """Both ways that the file's first lines promise, with other ports than the described ones."""
    async with Stack.start(data=data, auto_ports=True, only=["temporal"]) as stack:
        listing = await temporal("workflow", "list", "--env", "client", f"--address={stack.address('temporal')}")
        assert (listing.returncode, listing.stderr) == (0, "")
        port = stack.ports["temporal.port"]
        ports = [f"--{name}={stack.ports[f'temporal.{name}'] + 1}" for name in ("ui-port", "http-port", "metrics-port")]
        database = f"--db-filename={data / 'other.db'}"
        refused = await temporal("server", "start-dev", "--env", "server", f"--port={port}", database, *ports)
        # It read the file, and refuses only the port that our server holds.
        assert refused.returncode == 1 and "env YAML" not in refused.stderr
        assert f"can't set frontend port {port}" in refused.stderr


async def temporal(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [binary("temporal"), *arguments, "--env-file", str(DEFAULT_SPEC)]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=20)
