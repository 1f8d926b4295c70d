"""A job's line to the death watch: an open Unix socket whose end without goodbye tells that the process died."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from pathlib import Path

logger = logging.getLogger("greenroom.live.deathwatch")

GOODBYE = b"goodbye\n"
RECONNECT_SECONDS = 1.0


class DeathWatch:
    """Opened in a job's first line. When the watcher is away the call goes on, and the line is opened again later."""

    def __init__(self, path: Path, *, session_id: str, role: str, epoch: int) -> None:
        self._path = path
        self._hello = json.dumps({"session_id": session_id, "role": role, "epoch": epoch}).encode() + b"\n"
        self._socket: socket.socket | None = None
        self._keeper: asyncio.Task[None] | None = None

    def open(self) -> bool:
        """Blocks for the connection to a local socket. Whether the watcher took it."""
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.connect(str(self._path))
            line.sendall(self._hello)
        except OSError as error:
            line.close()
            logger.warning("no death watch at %s (%s); heartbeats alone tell", self._path, error.strerror)
            return False
        line.setblocking(False)
        self._socket = line
        return True

    def keep(self) -> None:
        """Opens the line again whenever the watcher was restarted."""
        self._keeper = asyncio.create_task(self._keep(), name="deathwatch")

    async def _keep(self) -> None:
        while True:
            if self._socket is not None:
                # The watcher never speaks: reading returns when the line breaks, and only then.
                with contextlib.suppress(OSError):
                    await asyncio.get_running_loop().sock_recv(self._socket, 1)
                self._socket.close()
                self._socket = None
            await asyncio.sleep(RECONNECT_SECONDS)
            self.open()

    def goodbye(self) -> None:
        """The job leaves in order: nobody need be told."""
        if self._keeper is not None:
            self._keeper.cancel()
        if self._socket is not None:
            try:
                self._socket.sendall(GOODBYE)
            except OSError:
                logger.info("the death watch was gone at goodbye")
            self._socket.close()
            self._socket = None
