"""Files that their owner alone may read: written whole or not at all, and refused once others may read them."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from store.errors import StoreError


def create(path: Path, data: bytes) -> bool:
    """Writes a new file. False when there is one, which stays as it is. Raises OSError."""
    draft = _draft(path, data)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def replace(path: Path, data: bytes) -> None:
    """Writes the file, in place of the one that may be there. Raises OSError."""
    _draft(path, data).replace(path)


def read(path: Path, what: str) -> bytes:
    """Raises OSError, or StoreError naming the fix when others may read it, too. `what` it is: `master key`."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise StoreError(f"others may read the {what} {path}: run 'chmod 600 {path}', and rotate it")
        return file.read()


def _draft(path: Path, data: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return draft
