"""`make clean`: databases, logs and what a stack leaves; environments and built servers stay."""

import fcntl
import shutil

from workers.stack.bootstrap.errors import SetupError
from workers.stack.bootstrap.places import DEV, ROOT

_KEPT = {"bin", "uv", "go", "node", "setup.lock"}
_CACHES = (".mypy_cache", ".ruff_cache", ".pytest_cache", ".import_linter_cache", ".hypothesis")


def clean() -> None:
    """Raises SetupError when a stack still uses the folder."""
    if DEV.exists():
        with (DEV / "stack.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise SetupError(f"a stack runs in {DEV}; fix: end it with Ctrl-C in its terminal") from None
            for entry in DEV.iterdir():
                if entry.name not in _KEPT:
                    shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    for name in _CACHES:
        shutil.rmtree(ROOT / name, ignore_errors=True)
