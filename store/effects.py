"""Effects that rules count, noted before they happen: of two calls at the same moment, the second sees the first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, delete, select

from contracts.records import EffectEntry
from policy.authority import GateVerdict
from store.engine import writing
from store.rows import from_row, to_row
from store.statements import insert_or_ignore
from store.tables import effects, subjects


def effects_since(*, composition: str, tool: str, subject_id: str, since: datetime) -> Select[Any]:
    """Oldest first, those at `since` too."""
    same = (effects.c.composition == composition, effects.c.tool == tool, effects.c.subject_id == subject_id)
    return select(effects).where(*same, effects.c.at >= since).order_by(effects.c.at, effects.c.call_id)


class EffectBook:
    """Methods block, and raise StoreError kinds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(
        self, entry: EffectEntry, *, since: datetime, decide: Callable[[Sequence[EffectEntry]], GateVerdict]
    ) -> GateVerdict:
        """What is decided by the earlier effects of that tool for that person; if it goes free, it is noted as one.

        Nobody else notes one for that person meanwhile. An entry that is there stays as it is.
        """
        with writing(self._engine) as connection:
            connection.execute(insert_or_ignore(connection, subjects), {"subject_id": entry.subject_id})
            # On SQLite the transaction is the lock and FOR UPDATE is left out.
            person = select(subjects).where(subjects.c.subject_id == entry.subject_id)
            connection.execute(person.with_for_update(key_share=True)).one()
            where = {"composition": entry.composition, "tool": entry.tool, "subject_id": entry.subject_id}
            found = connection.execute(effects_since(**where, since=since)).mappings().all()
            verdict = decide([from_row(EffectEntry, row) for row in found])
            if not verdict.gated:
                connection.execute(insert_or_ignore(connection, effects), to_row(entry))
        return verdict

    def strike(self, call_id: str, at: datetime) -> None:
        """That effect did not happen, as far as it was noted then; one that was noted at another time stands."""
        with writing(self._engine) as connection:
            connection.execute(delete(effects).where(effects.c.call_id == call_id, effects.c.at == at))
