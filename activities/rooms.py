"""Brings agents into rooms, asks whether they live, and clears rooms away."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets

from livekit import api
from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from contracts.attendance import (
    AttachToken,
    AttendRequest,
    AttendResult,
    DispatchMetadata,
    ProbeRequest,
    ProbeResult,
    RoomRequest,
)
from contracts.names import (
    ATTACH_TOPIC,
    ATTRIBUTE_ATTACHED,
    ATTRIBUTE_EPOCH,
    ATTRIBUTE_PROBE,
    ATTRIBUTE_ROLE,
    PROBE_TOPIC,
    Signal,
    agent_name,
    attendance_workflow_id,
)
from contracts.tokens import token_mark

POLL_SECONDS = 0.05
"""The room API tells of joins and attributes only when asked."""


class RoomActivities:
    def __init__(self, livekit: api.LiveKitAPI, client: Client) -> None:
        self._livekit = livekit
        self._client = client

    @activity.defn(name="rooms.attend")
    async def attend(self, request: AttendRequest) -> AttendResult:
        """Brings one agent into the room, or hands a living one a new token; completed by that agent when it leaves.

        A dispatch to nobody is silently lost, so the join is confirmed in the room before the agent is left to
        heartbeat alone. Raises ApplicationError `JoinFailed` when nobody came in time.
        """
        token = base64.b64encode(activity.info().task_token).decode()
        if request.attached_identity is not None:
            identity = await self._reattach(request, request.attached_identity, token)
        else:
            identity = await self._dispatch(request, token)
        handle = self._client.get_workflow_handle(attendance_workflow_id(request.session_id, request.role))
        await handle.signal(Signal.JOINED.value, args=[request.epoch, identity])
        activity.raise_complete_async()

    async def _dispatch(self, request: AttendRequest, token: str) -> str:
        metadata = DispatchMetadata(
            session_id=request.session_id,
            room=request.room,
            role=request.role,
            epoch=request.epoch,
            task_token=token,
            composition=request.composition,
            subject_id=request.subject_id,
            caller_identity=request.caller_identity,
        )
        await self._remove_lower_epochs(request)
        await self._livekit.agent_dispatch.create_dispatch(
            api.CreateAgentDispatchRequest(
                agent_name=agent_name(request.pool), room=request.room, metadata=metadata.model_dump_json()
            )
        )
        async with asyncio.timeout(request.join_timeout) as limit:
            try:
                while True:
                    activity.heartbeat()
                    agent = await self._agent(request.room, request.role, request.epoch)
                    if agent is not None:
                        return agent.identity
                    await asyncio.sleep(POLL_SECONDS)
            except TimeoutError:
                pass
        assert limit.expired()
        raise ApplicationError(
            f"no agent of pool {request.pool} joined {request.room} within {request.join_timeout} s; "
            "is a worker running?",
            type="JoinFailed",
        )

    async def _reattach(self, request: AttendRequest, identity: str, token: str) -> str:
        message = AttachToken(epoch=request.epoch, task_token=token).model_dump_json().encode()
        await self._send(request.room, identity, ATTACH_TOPIC, message)
        try:
            async with asyncio.timeout(request.join_timeout):
                while True:
                    activity.heartbeat()
                    agent = await self._agent(request.room, request.role, request.epoch)
                    if agent is not None and agent.attributes.get(ATTRIBUTE_ATTACHED) == token_mark(token):
                        return identity
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise ApplicationError(f"{identity} did not take its new token", type="AttachFailed") from None

    @activity.defn(name="rooms.probe")
    async def probe(self, request: ProbeRequest) -> ProbeResult:
        """Asks the agent in the room for a sign of life: a nonce, answered in its attributes within the time limit."""
        agent = await self._agent(request.room, request.role, request.epoch)
        if agent is None:
            return ProbeResult(present=False, answered=False)
        nonce = secrets.token_hex(8)
        await self._send(request.room, agent.identity, PROBE_TOPIC, json.dumps({"nonce": nonce}).encode())
        try:
            async with asyncio.timeout(request.timeout):
                while True:
                    agent = await self._agent(request.room, request.role, request.epoch)
                    if agent is None:
                        return ProbeResult(present=False, answered=False)
                    if agent.attributes.get(ATTRIBUTE_PROBE) == nonce:
                        return ProbeResult(present=True, answered=True, identity=agent.identity)
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            return ProbeResult(present=True, answered=False, identity=agent.identity if agent else None)

    @activity.defn(name="rooms.close")
    async def close(self, request: RoomRequest) -> None:
        """Deletes a room. One that is gone already is no error."""
        try:
            await self._livekit.room.delete_room(api.DeleteRoomRequest(room=request.room))
        except api.TwirpError as error:
            if error.code != api.TwirpErrorCode.NOT_FOUND:
                raise

    async def _participants(self, room: str) -> list[api.ParticipantInfo]:
        try:
            answer = await self._livekit.room.list_participants(api.ListParticipantsRequest(room=room))
        except api.TwirpError as error:
            if error.code == api.TwirpErrorCode.NOT_FOUND:
                return []
            raise
        return list(answer.participants)

    async def _agent(self, room: str, role: str, epoch: int) -> api.ParticipantInfo | None:
        for participant in await self._participants(room):
            if _role_of(participant) == role and _epoch_of(participant) == epoch:
                return participant
        return None

    async def _remove_lower_epochs(self, request: AttendRequest) -> None:
        """Ghosts of earlier agents go first: never two voices."""
        for participant in await self._participants(request.room):
            if _role_of(participant) == request.role and _epoch_of(participant) < request.epoch:
                try:
                    await self._livekit.room.remove_participant(
                        api.RoomParticipantIdentity(room=request.room, identity=participant.identity)
                    )
                except api.TwirpError as error:
                    if error.code != api.TwirpErrorCode.NOT_FOUND:
                        raise

    async def _send(self, room: str, identity: str, topic: str, data: bytes) -> None:
        await self._livekit.room.send_data(
            api.SendDataRequest(room=room, data=data, topic=topic, destination_identities=[identity])
        )


def _role_of(participant: api.ParticipantInfo) -> str | None:
    if participant.kind != api.ParticipantInfo.Kind.AGENT:
        return None
    return participant.attributes.get(ATTRIBUTE_ROLE)


def _epoch_of(participant: api.ParticipantInfo) -> int:
    value = participant.attributes.get(ATTRIBUTE_EPOCH, "")
    return int(value) if value.isdecimal() else 0
