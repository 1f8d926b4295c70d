"""Runs the programs that set-up needs; whatever ends set-up ends them too."""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from workers.stack.bootstrap.errors import SetupError, diagnose
from workers.stack.bootstrap.progress import Step
from workers.stack.guard import die_with_parent

_running: set[int] = set()
_ending = threading.Event()


def run(
    step: Step, argv: list[str], *, log: Path, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> None:
    """Runs to the end; output goes into `log`, its last line into the display. Raises SetupError with the cause."""
    if _ending.is_set():
        raise SetupError(f"{step.title}: interrupted")
    lines: list[str] = []
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"$ {' '.join(argv)}\n")
        child = subprocess.Popen(
            argv,
            env=os.environ | dict(env or {}),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=die_with_parent(),
        )
        _running.add(child.pid)
        try:
            assert child.stdout is not None
            for line in child.stdout:
                lines.append(line.rstrip())
                file.write(line)
                step.doing = line.strip()
            code = child.wait()
        finally:
            _running.discard(child.pid)
    if code != 0:
        raise diagnose(step.title, lines or [f"{argv[0]} ended with {code}"], log)


def answers(argv: list[str]) -> str | None:
    """What a program prints, or None when it does not work."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return (done.stdout or done.stderr).strip()


def version(argv: list[str], pattern: str) -> tuple[int, int]:
    """(major, minor), which `pattern` finds in what a program prints; (0, 0) when it does not work or does not tell."""
    match = re.search(pattern, answers(argv) or "")
    return (int(match[1]), int(match[2])) if match else (0, 0)


def end_all() -> None:
    """Ends every program that still runs, with its children; none is started any more."""
    _ending.set()
    for pgid in list(_running):
        try:
            os.killpg(pgid, signal.SIGKILL)
        except ProcessLookupError:
            continue
