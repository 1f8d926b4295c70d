"""A dispatched agent is told what it cannot serve without, should it not reach the durable side."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from livekit import api
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.rooms import RoomActivities
from contracts.attendance import AttendRequest, DispatchMetadata
from contracts.names import ATTRIBUTE_EPOCH, ATTRIBUTE_ROLE, Signal


class House:
    """LiveKit and Temporal as the activity sees them: whoever is dispatched joins at once."""

    def __init__(self) -> None:
        self.dispatched: list[DispatchMetadata] = []
        self.agents: list[str] = []
        self.signals: list[tuple[str, list[Any]]] = []
        self.agent_dispatch = self.room = self

    async def create_dispatch(self, request: api.CreateAgentDispatchRequest) -> None:
        self.agents.append(request.agent_name)
        self.dispatched.append(DispatchMetadata.model_validate_json(request.metadata))

    async def list_participants(self, _: api.ListParticipantsRequest) -> Any:
        joined = [
            api.ParticipantInfo(
                identity=f"agent-{dispatch.epoch}",
                kind=api.ParticipantInfo.Kind.AGENT,
                attributes={ATTRIBUTE_ROLE: dispatch.role, ATTRIBUTE_EPOCH: str(dispatch.epoch)},
            )
            for dispatch in self.dispatched
        ]
        return SimpleNamespace(participants=joined)

    def get_workflow_handle(self, _: str) -> House:
        return self

    async def signal(self, name: str, *, args: list[Any]) -> None:
        self.signals.append((name, args))


async def test_the_dispatch_tells_composition_subject_and_caller() -> None:
    house = House()
    activities = RoomActivities(cast(api.LiveKitAPI, house), cast(Client, house))
    request = AttendRequest(
        session_id="s", room="r", role="voice", epoch=1, pool="spare", join_timeout=1.0,
        composition="support", subject_id="subject-1", caller_identity="caller-s",
    )  # fmt: skip
    with pytest.raises(BaseException) as ended:
        await ActivityEnvironment().run(activities.attend, request)
    assert type(ended.value).__name__ == "_CompleteAsyncError", "the agent completes it"
    [told] = house.dispatched
    assert (told.composition, told.subject_id, told.caller_identity) == ("support", "subject-1", "caller-s")
    assert told.introduces and house.agents == ["greenroom-spare"]
    assert house.signals == [(Signal.JOINED.value, [1, "agent-1"])]
