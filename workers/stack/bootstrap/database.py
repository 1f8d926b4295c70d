"""The development database and master key: made, and brought up to date when migrations or address changed."""

import hashlib
import os

from workers.stack.bootstrap.commands import run
from workers.stack.bootstrap.places import DEV, LOGS, PYTHON, ROOT
from workers.stack.bootstrap.progress import Progress

_STAMP = DEV / "migrated.stamp"
_FILE = DEV / "greenroom.db"
_KEY = DEV / "master.key"


def wanted_stamp() -> str:
    """Changes with the migrations' text and with GREENROOM_DATABASE_URL."""
    digest = hashlib.sha256(os.environ.get("GREENROOM_DATABASE_URL", "").encode())
    for file in sorted((ROOT / "migrations").rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def is_ready() -> bool:
    """Whether nothing changed since the last migration, and the embedded database is still there."""
    elsewhere = "GREENROOM_DATABASE_URL" in os.environ
    return (elsewhere or _FILE.exists()) and _KEY.exists() and _STAMP.exists() and _STAMP.read_text() == wanted_stamp()


def make(progress: Progress) -> None:
    """Raises SetupError."""
    log = LOGS / "setup-database.log"
    log.unlink(missing_ok=True)
    with progress.step("database", 3) as step:
        run(step, [str(PYTHON), "-m", "migrations", "upgrade", "--development-key"], log=log, cwd=ROOT)
        _STAMP.write_text(wanted_stamp())
