"""The one place that builds a Temporal client, so that every process speaks through the same data converter."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec
from temporalio.service import RetryConfig

from workers.errors import GreenroomError
from workers.settings import Settings
from workers.vault import open_codec

CONNECT_SECONDS = 5.0


def data_converter(codec: PayloadCodec | None = None) -> DataConverter:
    """How contracts become payloads. With a codec, messages and stacks of failures pass it too."""
    if codec is None:
        return pydantic_data_converter
    return replace(
        pydantic_data_converter,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(
    settings: Settings, *, identity: str, lazy: bool = False, retry_config: RetryConfig | None = None
) -> Client:
    """A client of the configured namespace.

    With `lazy` it connects at the first call, and again at every call after a failure: what a live agent needs, which
    must come up while Temporal is away. A lazy client cannot host a worker. A client does not survive a fork.

    Raises RuntimeError when not lazy and the server does not answer, MasterKeyError without the master key.
    """
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        data_converter=data_converter(open_codec(settings)),
        identity=identity,
        lazy=lazy,
        retry_config=retry_config,
    )


async def connect_to_send(settings: Settings, *, by: str, what: str) -> Client:
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
