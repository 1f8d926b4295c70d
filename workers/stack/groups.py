"""Process groups: every child leads its own, so a whole family can be ended at once."""

import contextlib
import os
import signal


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
