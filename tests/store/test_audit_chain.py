"""The chain shows every tampering that does not recompute it, and says where."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from record_samples import MORNING, audit, session
from sqlalchemy import Engine, delete, insert, select, text, update

from store.audit import verify
from store.chain import GENESIS
from store.errors import StoreDamaged
from store.tables import audit_entries, audit_heads
from store.writer import RecordWriter

ENTRIES = audit_entries.c


@pytest.fixture
def chain(engine: Engine) -> Engine:
    """Two sessions with five entries each; the tampering happens in `session-1`."""
    writer = RecordWriter(engine)
    for session_id in ("session-1", "session-2"):
        writer.write([audit(f"entry-{n}", session_id, detail={"number": n}) for n in range(1, 6)])
    assert verify(engine).intact and verify(engine).entries == 10
    return engine


def change(engine: Engine, sequence: int, **values: Any) -> None:
    with engine.begin() as connection:
        where = (ENTRIES.session_id == "session-1") & (ENTRIES.sequence == sequence)
        assert connection.execute(update(audit_entries).where(where).values(**values)).rowcount == 1


def broken_at(engine: Engine) -> int:
    """The first broken entry of session-1; the other session stays intact, whichever way it is asked."""
    report = verify(engine)
    assert report.broken is not None and report.broken.session_id == "session-1"
    assert verify(engine, "session-1").broken == report.broken
    assert verify(engine, "session-2").intact
    return report.broken.sequence


def test_the_hash_is_what_the_documentation_says(engine: Engine) -> None:
    RecordWriter(engine).write([audit()])
    with engine.connect() as connection:
        row = connection.execute(select(audit_entries)).mappings().one()
    covered = {
        "prev_hash": GENESIS, "session_id": "session-1", "sequence": 1, "entry_id": "entry-1",
        "at": "2026-11-24T09:00:00.123456+00:00", "actor": "reviewer/ann", "action": "approval.decide",
        "target": "approval/approval-1", "detail": {"accepted": True, "number": 1},
    }  # fmt: skip
    assert MORNING.isoformat() == covered["at"]
    canonical = json.dumps(covered, sort_keys=True, separators=(",", ":"))
    assert row["hash"] == hashlib.sha256(canonical.encode()).hexdigest()


@pytest.mark.parametrize("sequence", [1, 3, 5])
@pytest.mark.parametrize(
    "values",
    [
        {"actor": "reviewer/ben"},
        {"action": "approval.open"},
        {"target": "approval/approval-2"},
        {"detail": {"number": 99}},
        {"detail": {"number": 3.0}},
        {"at": MORNING.replace(microsecond=123457)},
        {"entry_id": "entry-99"},
        {"hash": "f" * 64},
        {"prev_hash": "f" * 64},
    ],
    ids=lambda values: str(next(iter(values))),
)
def test_an_edited_entry_is_found(chain: Engine, sequence: int, values: dict[str, Any]) -> None:
    change(chain, sequence, **values)
    assert broken_at(chain) == sequence


@pytest.mark.parametrize("sequence", [1, 3, 5])
def test_a_deleted_entry_is_found(chain: Engine, sequence: int) -> None:
    with chain.begin() as connection:
        connection.execute(delete(audit_entries).where(ENTRIES.session_id == "session-1", ENTRIES.sequence == sequence))
    assert broken_at(chain) == sequence


def test_a_deleted_entry_is_found_though_the_later_ones_move_up(chain: Engine) -> None:
    with chain.begin() as connection:
        connection.execute(delete(audit_entries).where(ENTRIES.session_id == "session-1", ENTRIES.sequence == 2))
        for sequence in (3, 4, 5):
            where = (ENTRIES.session_id == "session-1") & (ENTRIES.sequence == sequence)
            connection.execute(update(audit_entries).where(where).values(sequence=sequence - 1))
        connection.execute(update(audit_heads).where(audit_heads.c.session_id == "session-1").values(sequence=4))
    assert broken_at(chain) == 2


def _row(engine: Engine, sequence: int) -> dict[str, Any]:
    with engine.connect() as connection:
        query = select(audit_entries).where(ENTRIES.session_id == "session-1", ENTRIES.sequence == sequence)
        return dict(connection.execute(query).mappings().one())


def test_an_entry_inserted_at_the_end_is_found(chain: Engine) -> None:
    forged = _row(chain, 5) | {"sequence": 6, "entry_id": "forged", "prev_hash": _row(chain, 5)["hash"]}
    with chain.begin() as connection:
        connection.execute(insert(audit_entries).values(forged))
    assert broken_at(chain) == 6


def test_an_entry_inserted_in_the_middle_is_found(chain: Engine) -> None:
    forged = _row(chain, 3) | {"entry_id": "forged", "sequence": 3}
    with chain.begin() as connection:
        for sequence in (5, 4, 3):
            where = (ENTRIES.session_id == "session-1") & (ENTRIES.sequence == sequence)
            connection.execute(update(audit_entries).where(where).values(sequence=sequence + 1))
        connection.execute(insert(audit_entries).values(forged))
        connection.execute(update(audit_heads).where(audit_heads.c.session_id == "session-1").values(sequence=6))
    assert broken_at(chain) == 3


def test_two_entries_that_changed_places_are_found(chain: Engine) -> None:
    second, fourth = _row(chain, 2), _row(chain, 4)
    with chain.begin() as connection:
        connection.execute(delete(audit_entries).where(ENTRIES.session_id == "session-1", ENTRIES.sequence.in_([2, 4])))
        connection.execute(insert(audit_entries), [second | {"sequence": 4}, fourth | {"sequence": 2}])
    assert broken_at(chain) == 2


def test_an_entry_moved_to_another_session_is_found_in_both(chain: Engine) -> None:
    with chain.begin() as connection:
        moved = (ENTRIES.session_id == "session-1") & (ENTRIES.sequence == 5)
        connection.execute(
            update(audit_entries).where(moved).values(session_id="session-2", sequence=6, entry_id="entry-6")
        )
    assert not verify(chain, "session-1").intact
    broken = verify(chain, "session-2").broken
    assert broken is not None and broken.sequence == 6


def test_a_head_that_is_gone_or_left_alone_is_found(chain: Engine) -> None:
    with chain.begin() as connection:
        connection.execute(delete(audit_heads).where(audit_heads.c.session_id == "session-1"))
    assert broken_at(chain) == 5
    with chain.begin() as connection:
        connection.execute(delete(audit_entries).where(ENTRIES.session_id == "session-2"))
    assert not verify(chain, "session-2").intact


def test_an_unreadable_entry_is_reported_rather_than_raised(chain: Engine) -> None:
    with chain.begin() as connection:
        connection.execute(
            text("UPDATE audit_entries SET detail = 'no json' WHERE session_id = 'session-1' AND sequence = 4")
        )
    assert broken_at(chain) == 4


def test_json_that_says_the_same_in_other_bytes_is_found(chain: Engine) -> None:
    with chain.begin() as connection:
        connection.execute(
            text("UPDATE audit_entries SET detail = :detail WHERE session_id = 'session-1' AND sequence = 4"),
            {"detail": '{"number":99,"number":4}'},
        )
    assert broken_at(chain) == 4


def test_a_chain_that_was_tampered_with_takes_no_further_entry(chain: Engine) -> None:
    forged = _row(chain, 5) | {"sequence": 6, "entry_id": "forged"}
    with chain.begin() as connection:
        connection.execute(insert(audit_entries).values(forged))
    with pytest.raises(StoreDamaged, match="session-1"):
        RecordWriter(chain).write([session(), audit("entry-6")])
    assert RecordWriter(chain).write([audit("entry-6", "session-2")]) == 1


def test_a_session_without_entries_is_intact(engine: Engine) -> None:
    report = verify(engine, "session-0")
    assert report.intact and report.entries == 0
    assert verify(engine).sessions == 0
