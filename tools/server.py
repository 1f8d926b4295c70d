"""What the registry needs of a tool server, whatever protocol it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class ToolServerError(Exception):
    """A call did not end in an answer. Each subclass says what that means for the effect."""


class NotSentError(ToolServerError):
    """The request never left: surely nothing happened."""


class RejectedError(ToolServerError):
    """The server answered that it does not take the request: surely nothing happened."""


class OutcomeUnknownError(ToolServerError):
    """The request left, and no answer came that tells what became of it."""


@dataclass(frozen=True)
class ServerTool:
    """A tool as its server describes it. `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class ServerResult:
    """A tool's answer. `body` is JSON text where `data`, an object, was given; plain text otherwise.

    `is_error` is the protocol's own flag: the tool failed while it ran.
    """

    body: str
    data: dict[str, Any] | None
    is_error: bool = False


class ToolServer(Protocol):
    """Safe to use from concurrent tasks of one event loop."""

    async def list_tools(self) -> tuple[ServerTool, ...]:
        """Raises NotSentError when the server cannot be reached or does not list its tools."""
        ...

    async def call(
        self, name: str, arguments: dict[str, Any], *, meta: dict[str, Any], timeout_seconds: float
    ) -> ServerResult:
        """Send one request, once. `timeout_seconds` bounds it all. Raises ToolServerError."""
        ...

    async def aclose(self) -> None: ...
