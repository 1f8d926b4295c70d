"""What the front door is made of; `workers` wires it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Engine

from console.access import Access
from console.codec import CodecDoor
from console.decisions import Decisions
from console.metrics import Metrics
from console.rooms import Rooms
from console.sessions import Sessions
from contracts.composition import Composition
from store.reader import RecordReader

Check = Callable[[], Awaitable[str | None]]
"""Asks one dependency; gives what is wrong with it, or None."""


@dataclass(frozen=True)
class Deps:
    """`compositions` by id; `checks` by the name of what they ask; `site` is the folder of the built web app."""

    rooms: Rooms
    sessions: Sessions
    records: RecordReader
    engine: Engine
    access: Access
    decisions: Decisions
    compositions: Mapping[str, Composition]
    checks: Mapping[str, Check] = field(default_factory=dict)
    codec: CodecDoor | None = None
    metrics: Metrics = field(default_factory=Metrics)
    temporal_ui: str = ""
    namespace: str = "default"
    site: Path | None = None
