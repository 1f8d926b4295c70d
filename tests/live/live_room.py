"""A room with one voice worker and nothing durable behind it: LiveKit, the house inference server, the agent."""

from __future__ import annotations

import base64
import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from livekit import api

from console.rooms import RoomCard, Rooms, caller_identity, room_name
from contracts import names
from contracts.attendance import DispatchMetadata
from workers.caller.caller import Caller
from workers.caller.front_door import Invitation
from workers.caller.speech import Speech
from workers.stack.stack import Stack

ROLE = "voice"


@dataclass
class LiveRoom:
    """Calls are numbered, so that no two share a room."""

    stack: Stack
    rooms: Rooms
    speech: Speech
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def ring(self, *, epoch: int = 1) -> Caller:
        """A caller in a room to which an agent was dispatched, as the durable side would have done it."""
        session = f"alone-{next(self.numbers)}"
        card = RoomCard(composition="support", subject_id=f"subject-{session}")
        room = await self.rooms.create(session, card)
        identity = caller_identity(session)
        caller = Caller(
            Invitation(
                session_id=session, room=room, url=self.rooms.url, token=self.rooms.token(session), identity=identity
            ),
            self.speech,
        )
        await caller.join()
        metadata = DispatchMetadata(
            session_id=session,
            room=room_name(session),
            role=ROLE,
            epoch=epoch,
            task_token=base64.b64encode(b"of nobody").decode(),
            composition=card.composition,
            subject_id=card.subject_id,
            caller_identity=identity,
        )
        async with self.livekit() as livekit:
            await livekit.agent_dispatch.create_dispatch(
                api.CreateAgentDispatchRequest(
                    agent_name=names.agent_name(ROLE), room=room, metadata=metadata.model_dump_json()
                )
            )
        return caller

    def livekit(self) -> api.LiveKitAPI:
        env = self.stack.env
        return api.LiveKitAPI(env["LIVEKIT_URL"], env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"])

    async def fault(self, target: str, kind: str, **options: object) -> None:
        """From now on requests for `chat`, `speech` or `listen` fail that way; `kind` "none" ends it."""
        async with httpx.AsyncClient(base_url=self.stack.address("inference"), trust_env=False) as http:
            if kind == "none":
                (await http.delete("/faults")).raise_for_status()
            else:
                (await http.put(f"/faults/{target}", json={"kind": kind, **options})).raise_for_status()


@asynccontextmanager
async def live_room(
    data: Path, *, needs: str = "livekit, inference, migrate", env: Mapping[str, str] | None = None
) -> AsyncIterator[LiveRoom]:
    """Temporal's address answers nobody: the stack has none."""
    voice = {"replicas": 1, "needs": needs}
    async with Stack.start(data=data, auto_ports=True, only=["voice"], overrides={"voice": voice}, env=env) as stack:
        env = stack.env
        rooms = Rooms(env["LIVEKIT_URL"], env["LIVEKIT_API_KEY"], env["LIVEKIT_API_SECRET"])
        yield LiveRoom(stack, rooms, await Speech.load())
        await rooms.aclose()
