"""Finds the processes that the demo kills, and those that must not be left behind."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from urllib.parse import urlsplit

import psutil


def agents_in_a_room(workers: Iterable[int], livekit_url: str) -> list[int]:
    """Job processes of the voice workers (by pid) that are connected to the LiveKit server: those in a call.

    A waiting process is not connected; the worker itself is, and is none of its own children.
    """
    port = urlsplit(livekit_url).port
    found = []
    for pid in workers:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    if any(c.raddr and c.raddr.port == port for c in child.net_connections(kind="tcp")):
                        found.append(child.pid)
    return found


class Family:
    """Every process that descends from this one; gathered while they live, looked for when they should be gone."""

    def __init__(self) -> None:
        self._seen: set[psutil.Process] = set()

    def look(self) -> None:
        self._seen.update(psutil.Process().children(recursive=True))

    def left(self, within: float = 5.0) -> list[str]:
        """Those that still run after `within` seconds, as "pid name"."""
        _, alive = psutil.wait_procs(list(self._seen), timeout=within)
        names = []
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.status() != psutil.STATUS_ZOMBIE:
                    names.append(f"{process.pid} {process.name()}")
        return names
