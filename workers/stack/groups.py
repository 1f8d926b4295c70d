"""Process groups: every child leads its own, so a whole family can be ended at once."""

import contextlib
import os
import signal

import psutil


def family(pid: int) -> list[psutil.Process]:
    """The process's descendants right now, those in other groups and sessions too."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def signal_one(pid: int, sig: signal.Signals) -> None:
    """Sends a signal; a process that is gone already is fine."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sig)


def signal_group(pgid: int, sig: signal.Signals) -> None:
    """Sends a signal to a whole group; an empty one is fine."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pgid, sig)


def kill_group(pgid: int) -> None:
    """SIGKILL to all that is left of a group; an empty group is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pgid, signal.SIGKILL)


def kill_left(processes: list[psutil.Process]) -> None:
    """SIGKILL to those still running (psutil compares start times, so a reused pid is never hit)."""
    for process in processes:
        with contextlib.suppress(psutil.Error):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                process.kill()
