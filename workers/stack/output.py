"""Takes what a child prints: into its own file, a memory of the last lines, and whoever listens."""

import asyncio
import re
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

_KEPT_LINES = 2000
_LONGEST_LINE = 64 * 1024
_ROTATE_AT = 20 * 1024 * 1024
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


class Output:
    """Lines of one process over all its incarnations; the file is rotated once at 20 MB."""

    def __init__(self, path: Path, on_line: Callable[[str], None]) -> None:
        self._path = path
        self._on_line = on_line
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._watched: tuple[re.Pattern[str], asyncio.Event] | None = None

    @property
    def lines(self) -> list[str]:
        return list(self._lines)

    def watch(self, pattern: re.Pattern[str]) -> asyncio.Event:
        """An event that is set by the first line from now on that the pattern is found in."""
        self._watched = (pattern, asyncio.Event())
        return self._watched[1]

    async def pump(self, pipe: IO[bytes]) -> None:
        """Reads until the last holder of the pipe has closed it. A line without an end is cut at 64 KB."""
        loop = asyncio.get_running_loop()
        stream = asyncio.StreamReader()
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stream), pipe)
        try:
            await self._take_lines(stream)
        finally:
            transport.close()

    async def _take_lines(self, stream: asyncio.StreamReader) -> None:
        rest = b""
        while chunk := await stream.read(_LONGEST_LINE):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                self.add(line.decode("utf-8", "replace").rstrip("\r"))
            if len(rest) > _LONGEST_LINE:
                self.add(rest.decode("utf-8", "replace"))
                rest = b""
        if rest:
            self.add(rest.decode("utf-8", "replace"))

    def add(self, line: str) -> None:
        self._lines.append(line)
        self._file.write(_ESCAPES.sub("", line) + "\n")
        if self._file.tell() > _ROTATE_AT:
            self._rotate()
        if self._watched and self._watched[0].search(line):
            self._watched[1].set()
        self._on_line(line)

    def _rotate(self) -> None:
        self._file.close()
        self._path.replace(self._path.with_suffix(".log.1"))
        self._file = self._path.open("a", encoding="utf-8", buffering=1)

    def close(self) -> None:
        self._file.close()
