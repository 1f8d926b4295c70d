"""The chain shows every tampering that does not recompute it, and says where."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from record_samples import audit, said, session
from sqlalchemy import Engine, delete, insert, select, update

from contracts.audit_events import ToolCalled
from contracts.tools import ToolStatus
from store.audit import verify
from store.audit_tables import audit_contents, audit_entries, audit_heads
from store.chain import GENESIS, SALT
from store.errors import StoreDamaged
from store.masterkey import MasterKeys
from store.reader import RecordReader
from store.vault import with_vault
from store.writer import RecordWriter

ENTRIES = audit_entries.c


@pytest.fixture
def chain(engine: Engine) -> Engine:
    """Two sessions with five entries each; the tampering happens in `session-1`."""
    writer = RecordWriter(engine)
    for session_id in ("session-1", "session-2"):
        writer.write([audit(f"entry-{n}", session_id, target=f"t{n}") for n in range(1, 6)])
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
    assert report.broken.sequence is not None
    return report.broken.sequence


def test_a_line_is_what_the_documentation_says(engine: Engine) -> None:
    RecordWriter(engine).write([audit(exhibits={"result": said("refunded")})])
    with engine.connect() as connection:
        row = connection.execute(select(audit_entries)).mappings().one()
        content = connection.execute(select(audit_contents)).mappings().one()
    assert row["line"] == (
        f'{{"prev":"{GENESIS}","session":"session-1","sequence":1,"id":"entry-1","actor":"role:voice",'
        '"at":"2026-11-24T09:00:00.123456+00:00","event":{"call":"call-1","epoch":1,"kind":"tool","state":"ok"},'
        f'"exhibits":{{"result":"{content["digest"]}"}},"target":"refund","v":1}}'
    )
    assert row["hash"] == hashlib.sha256(row["line"].encode()).hexdigest()
    assert content["digest"] == hashlib.sha256(content["content_body"].encode()).hexdigest()
    assert content["content_body"][SALT:] == "refunded" and content["content_subject_id"] == "subject-1"


def test_equal_contents_cannot_be_told_from_their_digests(engine: Engine) -> None:
    exhibits = {"arguments": said('{"order":"7"}')}
    RecordWriter(engine).write([audit("a", exhibits=exhibits), audit("b", exhibits=exhibits)])
    first, second = (entry.exhibits["arguments"] for entry in RecordReader(engine).audit("session-1"))
    assert first != second
    assert hashlib.sha256(b'{"order":"7"}').hexdigest() not in (first, second)


def test_an_entry_that_is_sent_again_leaves_no_second_content(engine: Engine) -> None:
    entry = audit(exhibits={"result": said("refunded")})
    writer = RecordWriter(engine)
    assert [writer.write([entry]), writer.write([entry])] == [1, 0]
    with engine.connect() as connection:
        assert len(connection.execute(select(audit_contents)).all()) == 1


def test_a_chain_verifies_after_its_contents_were_erased(engine: Engine) -> None:
    RecordWriter(engine).write([audit(exhibits={"result": said("refunded")})])
    assert verify(engine).contents == 1
    with engine.begin() as connection:
        connection.execute(delete(audit_contents))
    report = verify(engine)
    assert report.intact and (report.entries, report.contents) == (1, 0)
    [entry] = RecordReader(engine).audit("session-1")
    assert RecordReader(engine).exhibits(entry.exhibits.values()) == {}


def test_a_changed_content_is_found(engine: Engine) -> None:
    RecordWriter(engine).write([audit(exhibits={"result": said("refunded")})])
    with engine.begin() as connection:
        connection.execute(update(audit_contents).values(content_body="0" * SALT + "declined"))
    broken = verify(engine).broken
    assert broken is not None and broken.place.startswith("content ")
    assert verify(engine, contents=False).intact


@pytest.mark.parametrize("end", ["", "AAAA", "?"])
def test_a_changed_sealed_content_is_found_too(engine: Engine, end: str) -> None:
    sealing = with_vault(engine, MasterKeys({"m": b"k" * 32}))
    RecordWriter(sealing).write([audit(exhibits={"result": said("refunded")})])
    assert verify(sealing).contents == 1
    with engine.begin() as connection:
        kept = connection.execute(select(audit_contents.c.content_body)).scalar_one()
        connection.execute(update(audit_contents).values(content_body=kept[:-4] + end))
    broken = verify(sealing).broken
    assert broken is not None and broken.place.startswith("content ")


@pytest.mark.parametrize("sequence", [1, 3, 5])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("role:voice", "role:other"),
        ('"state":"ok"', '"state":"failed"'),
        ('"epoch":1', '"epoch":1.0'),
        ('"call":"call-1"', '"call":"call-2","call":"call-1"'),
        (".123456+", ".123457+"),
        ('"v":1}', '"v":1} '),
        ('"target":"t', '"target":"\\u0074'),
    ],
)
def test_an_edited_line_is_found(chain: Engine, sequence: int, old: str, new: str) -> None:
    line = _row(chain, sequence)["line"]
    assert old in line
    change(chain, sequence, line=line.replace(old, new, 1))
    assert broken_at(chain) == sequence


@pytest.mark.parametrize("values", [{"entry_id": "entry-99"}, {"hash": "f" * 64}, {"line": "no json"}, {"line": "ä"}])
def test_an_edited_column_is_found(chain: Engine, values: dict[str, Any]) -> None:
    change(chain, 3, **values)
    assert broken_at(chain) == 3


def test_an_edited_entry_with_its_hash_made_anew_is_found_at_the_next_one(chain: Engine) -> None:
    line = _row(chain, 3)["line"].replace("role:voice", "role:other")
    change(chain, 3, line=line, hash=hashlib.sha256(line.encode()).hexdigest())
    assert broken_at(chain) == 4


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
    with chain.begin() as connection:
        connection.execute(insert(audit_entries).values(_row(chain, 5) | {"sequence": 6, "entry_id": "forged"}))
    assert broken_at(chain) == 6


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


def test_every_entry_is_read_back_as_it_was_said(engine: Engine) -> None:
    event = ToolCalled(state=ToolStatus.REFUSED, reason="no", epoch=3)
    RecordWriter(engine).write([audit(event=event)])
    [entry] = RecordReader(engine).audit("session-1")
    assert (entry.event, entry.action, entry.detail) == (event, "tool.refused", {"reason": "no", "epoch": 3})
    assert json.loads(_row(engine, 1)["line"])["sequence"] == entry.sequence == 1
    found = RecordReader(engine).audit_entry("entry-1")
    assert found == entry
