"""The one place that builds a Temporal client, so that every process speaks through the same data converter."""

from __future__ import annotations

from typing import Protocol

from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter
from temporalio.service import RetryConfig


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
