"""The key that signs the audit trail of this machine: made once, readable by its owner alone."""

import os

from workers.stack.bootstrap.commands import run
from workers.stack.bootstrap.places import DEV, LOGS, PYTHON, ROOT
from workers.stack.bootstrap.progress import Progress

_FOLDER = DEV / "keys" / "audit"


def is_ready() -> bool:
    """Whether there is one, or the settings say that it is elsewhere."""
    return "GREENROOM_AUDIT_KEYS_DIR" in os.environ or any(_FOLDER.glob("*.pem"))


def make(progress: Progress) -> None:
    """Raises SetupError."""
    log = LOGS / "setup-audit-key.log"
    log.unlink(missing_ok=True)
    with progress.step("audit key", 2) as step:
        run(step, [str(PYTHON), "-m", "workers", "audit", "keys", "--init"], log=log, cwd=ROOT)
