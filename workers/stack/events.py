"""What the supervisor tells whoever watches: one event a change of state, one call a line of log."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    WAITING = "waiting"  # for what it needs
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"  # died; comes back after its back-off
    HELD = "held"  # taken down on request until it is brought up again
    ENDED = "ended"  # ran to its end and is not to come back
    FAILED = "failed"  # given up
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class StackEvent:
    """`detail` is a sentence for people: how it died, how long it waits, why it was given up."""

    process: str
    state: State
    pid: int | None = None
    detail: str = ""


OnEvent = Callable[[StackEvent], None]
OnLog = Callable[[str, str], None]
"""(process name, line without its line end)"""
