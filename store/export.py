"""The audit trail as a file that anybody can verify without this program: JSON Lines and a script."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Engine

from store.audit_keys import AuditKeys
from store.columns import PlainText, canonical_json
from store.engine import reading, streamed
from store.sealing import read_seals, seal

ENTRIES, KEYS, SCRIPT = "audit.jsonl", "keys.json", "verify.py"
_SCRIPT = Path(__file__).with_name("verify_export.py")


@dataclass(frozen=True)
class Exported:
    folder: Path
    entries: int
    seals: int


class _Out:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def line(self, text: str) -> None:
        data = text.encode("ascii") + b"\n"
        self.digest.update(data)
        self._file.write(data)


def export(engine: Engine, keys: AuditKeys, folder: Path, at: datetime, session_id: str | None = None) -> Exported:
    """Writes the trail of one session, or all of it, into a new `folder`; nothing that a person said is in it.

    What is not sealed is sealed first; what comes while the file is written is not in it. `audit.jsonl` has the entries
    as they are kept, then the signed checkpoints, then one line that signs the file itself. Raises FileExistsError and
    StoreError kinds.
    """
    seal(engine, keys, at)
    folder.mkdir(parents=True)
    only = "" if session_id is None else " AND session_id = :session"
    given = {} if session_id is None else {"session": PlainText().process_bind_param(session_id, engine.dialect)}
    query = (
        "SELECT line FROM audit_entries JOIN audit_heads USING (session_id) "
        f"WHERE audit_entries.sequence <= sealed{only} ORDER BY session_id, audit_entries.sequence"
    )
    entries = 0
    with reading(engine) as connection, (folder / ENTRIES).open("xb") as file:
        out = _Out(file)
        seals = read_seals(connection)
        for (line,) in streamed(connection, query, given):
            out.line(line)
            entries += 1
        for known in seals:
            out.line(canonical_json({"seal": known.statement, "signature": known.signature}))
        statement = canonical_json(
            {
                "at": at.isoformat(timespec="microseconds"),
                "entries": entries,
                "key": keys.key_id,
                "seals": len(seals),
                "session": session_id,
                "sha256": out.digest.hexdigest(),
            }
        )
        out.line(canonical_json({"file": statement, "signature": keys.sign(statement)}))
    (folder / KEYS).write_text(json.dumps(keys.public, indent=1) + "\n")
    shutil.copyfile(_SCRIPT, folder / SCRIPT)
    return Exported(folder, entries, len(seals))
