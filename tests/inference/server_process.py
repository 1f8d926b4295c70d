"""`python -m inference` as a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Server:
    process: subprocess.Popen[str]
    url: str
    log: Path

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


def start_server(log: Path, *options: str) -> Server:
    """Run `python -m inference` on a free port and wait until it says that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-m", "inference", "--port", "0", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=log.open("w"),
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"ready on (http://\S+)", line)
    assert found, f"the server did not start: {line!r}\n{log.read_text()[-3000:]}"
    return Server(process, found.group(1), log)


def stop_server(server: Server) -> None:
    server.process.terminate()
    try:
        server.process.wait(10)
    finally:
        server.process.kill()
