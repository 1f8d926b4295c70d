"""One process that is ready to be started: everything resolved, nothing left to look up."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Launch:
    """`ready` is a readiness rule of the spec with its placeholders filled; timeouts are in seconds."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    ready: str = "none"
    ready_timeout: float = 20.0
    restart: Literal["always", "on-failure", "never"] = "always"
    needs: tuple[str, ...] = ()
    stop_timeout: float = 3.0
