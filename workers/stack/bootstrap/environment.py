"""The Python environment: uv makes it from the lock file."""

import hashlib
import shutil
import sys
import threading
from pathlib import Path

from workers.stack.bootstrap.commands import answers, run
from workers.stack.bootstrap.errors import SetupError
from workers.stack.bootstrap.places import DEV, LOCK, LOGS, PYPROJECT, PYTHON, ROOT, VENV
from workers.stack.bootstrap.progress import Progress, Step

TITLE, USUAL = "Python environment", 60
_finding = threading.Lock()
_STAMP = VENV / "greenroom.stamp"


def wanted_stamp() -> str:
    """Changes when the environment has to be made anew: other locks, another Python, a new top-level package."""
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for file in (LOCK, PYPROJECT):
        digest.update(file.read_bytes())
    digest.update(" ".join(sorted(p.parent.name for p in ROOT.glob("*/__init__.py"))).encode())
    return digest.hexdigest()


def is_ready() -> bool:
    """Whether the environment is the one that the lock file describes."""
    return PYTHON.exists() and _STAMP.exists() and _STAMP.read_text() == wanted_stamp()


def make(progress: Progress) -> None:
    """Raises SetupError."""
    log = LOGS / "setup-python.log"
    log.unlink(missing_ok=True)
    with progress.step(TITLE, USUAL) as step:
        uv = find_uv(step, log)
        _STAMP.unlink(missing_ok=True)
        if answers([str(PYTHON), "-c", "import sys; print(sys.version_info[:2])"]) != str(sys.version_info[:2]):
            run(step, [uv, "venv", "--clear", "--python", sys.executable, str(VENV)], log=log)
        target = ["--python", str(PYTHON)]
        run(step, [uv, "pip", "sync", "--compile-bytecode", "--require-hashes", *target, str(LOCK)], log=log)
        run(step, [uv, "pip", "install", "--no-deps", *target, "--editable", str(ROOT)], log=log)
        _STAMP.write_text(wanted_stamp())


def find_uv(step: Step, log: Path) -> str:
    """uv on PATH, else one of our own from the package index."""
    with _finding:  # the Python environment and the search for Go both come here, at the same time
        return _find_uv(step, log)


def install_wheel(step: Step, log: Path, own: Path, wheel: str) -> None:
    """Puts what a PyPI wheel carries into the environment `own`. Raises SetupError."""
    uv = find_uv(step, log)
    run(step, [uv, "venv", "--quiet", "--clear", str(own)], log=log)
    run(step, [uv, "pip", "install", "--quiet", "--python", str(own / "bin" / "python"), wheel], log=log)


def _find_uv(step: Step, log: Path) -> str:
    own = DEV / "uv"
    for candidate in (shutil.which("uv"), str(own / "bin" / "uv")):
        if candidate and answers([candidate, "--version"]):
            return candidate
    shutil.rmtree(own, ignore_errors=True)
    try:
        run(step, [sys.executable, "-m", "venv", str(own)], log=log)
        run(step, [str(own / "bin" / "python"), "-m", "pip", "install", "--quiet", "uv"], log=log)
    except SetupError as error:
        if "ensurepip" in str(error) or "python3-venv" in log.read_text():
            raise SetupError(
                f"{step.title}: this Python has no venv module; fix: apt-get install python3-venv, or put uv on PATH"
            ) from None
        raise
    return str(own / "bin" / "uv")
