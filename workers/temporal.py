"""The one place that builds a Temporal client, so that every process speaks through the same data converter."""

from __future__ import annotations

import asyncio
from typing import Protocol

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.service import RetryConfig

from workers.errors import GreenroomError

CONNECT_SECONDS = 5.0


class TemporalSettings(Protocol):
    @property
    def temporal_address(self) -> str: ...
    @property
    def temporal_namespace(self) -> str: ...


def data_converter() -> DataConverter:
    """How contracts become payloads. A payload codec is added here and nowhere else."""
    return pydantic_data_converter


async def connect(
    settings: TemporalSettings, *, identity: str, lazy: bool = False, retry_config: RetryConfig | None = None
) -> Client:
    """A client of the configured namespace.

    With `lazy` it connects at the first call, and again at every call after a failure: what a live agent needs, which
    must come up while Temporal is away. A lazy client cannot host a worker. A client does not survive a fork.

    Raises RuntimeError when not lazy and the server does not answer.
    """
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(),
        identity=identity,
        lazy=lazy,
        retry_config=retry_config,
    )


async def connect_to_send(settings: TemporalSettings, *, by: str, what: str) -> Client:
    """A client for a command of a person named `by`, who wants to send `what` ("decision").

    Raises GreenroomError when Temporal does not answer in time.
    """
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            return await connect(settings, identity=f"greenroom-cli/{by}")
    except (TimeoutError, RuntimeError) as error:
        raise GreenroomError(
            f"Temporal does not answer at {settings.temporal_address}: start it (make dev), "
            f"or correct GREENROOM_TEMPORAL_ADDRESS. The {what} was not sent"
        ) from error
