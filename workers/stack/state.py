"""stack.json: where a running stack is, for the command line and other tools. Has the LiveKit secret: mode 0600."""

import json
import os
from pathlib import Path
from typing import Any

import psutil
from pydantic import BaseModel, ConfigDict

from store import private_file


class StackState(BaseModel):
    """`supervisor` is (pid, start time in seconds since the epoch): a reused pid is not taken for a running stack."""

    model_config = ConfigDict(frozen=True)

    name: str
    supervisor: tuple[int, float]
    pids: dict[str, int]
    ports: dict[str, int]
    addresses: dict[str, str]
    env: dict[str, str]

    @property
    def alive(self) -> bool:
        pid, started = self.supervisor
        try:
            return abs(psutil.Process(pid).create_time() - started) < 1.0
        except psutil.Error:
            return False


def me() -> tuple[int, float]:
    """The calling process, as `supervisor` wants it."""
    return os.getpid(), psutil.Process().create_time()


def write_state(path: Path, state: StackState) -> None:
    """Replaces the file in one step, readable by this user alone."""
    private_file.replace(path, state.model_dump_json(indent=2).encode())


def read_state(path: Path) -> StackState | None:
    """The stack that runs there, or None: no file, or its supervisor is gone."""
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    state = StackState.model_validate(data)
    return state if state.alive else None
