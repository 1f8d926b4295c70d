"""The supervisor's last will: a tiny process that, when the supervisor is gone, kills whatever it has started.

The kernel ends direct children with their parent (see guard), not their children. So every process of a stack carries a
mark in its environment, which its descendants inherit, whatever group or session they move to.
"""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

MARK = "GREENROOM_SUPERVISOR"
_FAREWELL = b"all is well"


def sweep(mark: str) -> list[int]:
    """Kills every process that carries the mark, until none is left; the pids that were killed."""
    import psutil  # the waiting reaper does without: 3 MB less

    killed: list[int] = []
    while left := list(_marked(mark)):
        for process in left:
            with contextlib.suppress(psutil.Error):
                process.kill()
                killed.append(process.pid)
        psutil.wait_procs(left, timeout=1)
    return killed


def _marked(mark: str) -> "Iterator[psutil.Process]":
    import psutil

    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                yield process


class Reaper:
    """Started by the supervisor, which holds the other end of its standard input."""

    def __init__(self, mark: str) -> None:
        # Without -P the folder of this file would come first on the import path.
        command = [sys.executable, "-P", str(Path(__file__)), mark]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)

    def dismiss(self) -> None:
        """Everything was ended in order: nothing is to be killed."""
        self._process.communicate(_FAREWELL)


def main(mark: str) -> None:
    for sig in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, signal.SIG_IGN)
    if sys.stdin.buffer.read() != _FAREWELL:
        sweep(mark)


if __name__ == "__main__":
    main(sys.argv[1])
