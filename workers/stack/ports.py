"""Who gets which port: fixed ones are checked and their owner named, free ones are chosen and reserved."""

import fcntl
import os
import random
import socket
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO

import psutil

from workers.stack.errors import PortTaken

# Below the usual ephemeral range (from 32768): no outgoing connection takes a port that was just chosen.
_FREE_RANGE = range(15000, 32000)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether both TCP and UDP can be bound."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def owner(port: int) -> tuple[int, str] | None:
    """(pid, command line) of the process that holds the port, or None when the kernel does not tell this user."""
    for connection in psutil.net_connections(kind="inet"):
        listens = connection.status in (psutil.CONN_LISTEN, psutil.CONN_NONE)
        if connection.laddr and connection.laddr.port == port and listens and connection.pid:
            try:
                return connection.pid, " ".join(psutil.Process(connection.pid).cmdline())[:120]
            except psutil.Error:
                return connection.pid, "?"
    return None


def check_free(ports: Mapping[str, int], host: str = "127.0.0.1") -> None:
    """Raises PortTaken naming each taken port, who owns it, and the fix."""
    taken = []
    for name, port in ports.items():
        if not is_free(port, host):
            found = owner(port)
            whose = f"pid {found[0]}: {found[1]}" if found else "a process that this user cannot see"
            taken.append(f"port {port} ({name}) is in use by {whose}")
    if taken:
        fix = "stop that process, or start on free ports: greenroom dev --auto-ports --data .dev/second"
        raise PortTaken("\n".join([*taken, f"fix: {fix}"]))


class Reservations:
    """Free ports, each held by a lock file until `release`: stacks that start together never choose the same."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.gettempdir()) / f"greenroom-ports-{os.getuid()}"
        self._held: list[IO[str]] = []

    def take(self, names: Iterable[str]) -> dict[str, int]:
        """One free port for each name. Raises PortTaken when the range is exhausted."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        candidates = list(_FREE_RANGE)
        random.shuffle(candidates)
        chosen: dict[str, int] = {}
        for name in names:
            chosen[name] = self._take_one(candidates)
        return chosen

    def _take_one(self, candidates: list[int]) -> int:
        while candidates:
            port = candidates.pop()
            lock = (self._folder / str(port)).open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            if is_free(port):
                self._held.append(lock)
                return port
            lock.close()
        raise PortTaken(f"no free port between {_FREE_RANGE.start} and {_FREE_RANGE.stop}; fix: stop what uses them")

    def release(self) -> None:
        """Lets other stacks choose these ports again."""
        for lock in self._held:
            lock.close()
        self._held.clear()
