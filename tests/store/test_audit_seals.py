"""Signed checkpoints show what a chain alone cannot, and an exported file shows any change at all."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from record_samples import MORNING, audit
from sqlalchemy import Engine, Table, delete, insert, select, update

from store import verify_export
from store.audit import verify
from store.audit_keys import AuditKeys, make_key, open_keys, open_or_make_keys, verify_signature
from store.audit_tables import audit_entries, audit_heads, audit_seals
from store.chain import hash_of, read_line
from store.errors import StoreError
from store.export import ENTRIES, KEYS, SCRIPT, export
from store.sealing import seal
from store.writer import RecordWriter


@pytest.fixture
def keys(tmp_path: Path) -> AuditKeys:
    return make_key(tmp_path / "keys")


@pytest.fixture
def sealed(engine: Engine, keys: AuditKeys) -> Engine:
    """Three sessions, sealed in two steps: session-1 and session-2 grew in between."""
    writer = RecordWriter(engine)
    writer.write([audit(f"e{n}", f"session-{s}") for s in (1, 2, 3) for n in range(1, 4)])
    assert seal(engine, keys, MORNING) == 3
    writer.write([audit(f"e{n}", f"session-{s}") for s in (1, 2) for n in range(4, 6)])
    assert seal(engine, keys, MORNING) == 2
    report = verify(engine, keys=keys)
    assert report.intact and (report.entries, report.seals, report.unsealed) == (13, 2, 0)
    return engine


def everything(engine: Engine) -> dict[Table, list[dict[str, Any]]]:
    with engine.connect() as connection:
        return {
            table: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in (audit_entries, audit_heads, audit_seals)
        }


def forged(engine: Engine, session_id: str, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """What someone does who can write the whole database: the chain is computed anew, with its head."""
    with engine.begin() as connection:
        mine = audit_entries.c.session_id == session_id
        lines = connection.execute(select(audit_entries.c.line).where(mine).order_by(audit_entries.c.sequence))
        kept = [json.loads(line) for line in lines.scalars()]
        change(kept)
        connection.execute(delete(audit_entries).where(mine))
        prev, rows = "0" * 64, []
        for number, entry in enumerate(kept, 1):
            entry |= {"prev": prev, "sequence": number}
            first = {name: entry[name] for name in ("prev", "session", "sequence", "id")}
            rest = {name: entry[name] for name in sorted(entry.keys() - first.keys())}
            line = json.dumps(first | rest, separators=(",", ":"))
            prev = hash_of(line)
            rows.append({"session_id": session_id, "sequence": number, "entry_id": entry["id"], "line": line})
            rows[-1]["hash"] = prev
        if rows:
            connection.execute(insert(audit_entries), rows)
        connection.execute(
            update(audit_heads).where(audit_heads.c.session_id == session_id).values(sequence=len(rows), hash=prev)
        )


def drop_last(kept: list[dict[str, Any]]) -> None:
    del kept[-1]


def edit(kept: list[dict[str, Any]]) -> None:
    kept[1]["actor"] = "role:other"


@pytest.mark.parametrize("change", [drop_last, edit, list.clear, list.reverse], ids=["end", "edit", "all", "order"])
def test_a_chain_that_was_computed_anew_is_found(
    sealed: Engine, keys: AuditKeys, change: Callable[[list[dict[str, Any]]], None]
) -> None:
    forged(sealed, "session-1", change)
    assert verify(sealed).intact, "the chain alone cannot show this"
    broken = verify(sealed, keys=keys).broken
    assert broken is not None and broken.session_id == "session-1"


def test_a_session_that_is_gone_whole_is_found(sealed: Engine, keys: AuditKeys) -> None:
    with sealed.begin() as connection:
        for table in (audit_entries, audit_heads):
            connection.execute(delete(table).where(table.c.session_id == "session-3"))
    assert verify(sealed).intact
    broken = verify(sealed, keys=keys).broken
    assert broken is not None and broken.session_id == "session-3"


@pytest.mark.parametrize("number", [1, 2])
def test_a_missing_seal_is_found(sealed: Engine, keys: AuditKeys, number: int) -> None:
    with sealed.begin() as connection:
        connection.execute(delete(audit_seals).where(audit_seals.c.number == number))
    broken = verify(sealed, keys=keys).broken
    assert broken is not None and broken.place == f"seal {number}"


def test_seals_of_another_key_are_not_believed(sealed: Engine, tmp_path: Path) -> None:
    broken = verify(sealed, keys=make_key(tmp_path / "other")).broken
    assert broken is not None and "public key" in broken.reason


def test_seals_of_an_earlier_key_are_believed(sealed: Engine, keys: AuditKeys) -> None:
    newer = make_key(keys.folder)
    assert newer.key_id != keys.key_id and not (keys.folder / f"{keys.key_id}.pem").exists()
    RecordWriter(sealed).write([audit("e9", "session-3")])
    assert verify(sealed, keys=newer).unsealed == 1
    assert seal(sealed, newer, MORNING) == 1
    assert verify(sealed, keys=open_keys(keys.folder)).intact
    data = (export(sealed, newer, keys.folder.parent / "trail", MORNING).folder / ENTRIES).read_bytes()
    assert verify_export.verify(data, newer.public) == (14, 3, 3)
    with pytest.raises(verify_export.Broken, match=keys.key_id):
        verify_export.verify(data, {newer.key_id: newer.public[newer.key_id]})


def test_nothing_new_is_no_seal(sealed: Engine, keys: AuditKeys) -> None:
    assert seal(sealed, keys, MORNING) == 0 and verify(sealed, keys=keys).seals == 2


def test_keys_are_the_owners_alone(tmp_path: Path) -> None:
    keys = open_or_make_keys(tmp_path / "keys")
    [file] = keys.folder.glob("*.pem")
    assert file.stat().st_mode & 0o777 == 0o600 and keys.folder.stat().st_mode & 0o777 == 0o700
    assert open_or_make_keys(tmp_path / "keys").key_id == keys.key_id
    assert file.read_text().splitlines()[1] not in repr(keys)
    assert verify_signature(keys.public[keys.key_id], "x", keys.sign("x"))
    assert not verify_signature(keys.public[keys.key_id], "y", keys.sign("x"))
    file.chmod(0o640)
    with pytest.raises(StoreError, match="chmod 600"):
        open_keys(keys.folder)
    with pytest.raises(StoreError, match="make setup"):
        open_keys(tmp_path)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_of_the_database_is_found(sealed: Engine, keys: AuditKeys, data: st.DataObject) -> None:
    """Any one cell changed, any one row gone, doubled under a new key, or exchanged with another one."""
    known = everything(sealed)
    table = data.draw(st.sampled_from(list(known)))
    rows = [dict(row) for row in known[table]]
    place = data.draw(st.integers(0, len(rows) - 1))
    match data.draw(st.sampled_from(["cell", "gone", "more", "exchange"])):
        case "cell":
            name = data.draw(st.sampled_from(sorted(rows[place].keys() - {"sealed"})))
            value = rows[place][name]
            other = data.draw(st.integers(1, 99) if isinstance(value, int) else _edited(value))
            keyed = [column.name for column in table.primary_key]
            changed = rows[place] | {name: other}
            if other == value or any(all(row[k] == changed[k] for k in keyed) for row in rows if row != rows[place]):
                return
            rows[place] = changed
        case "gone":
            del rows[place]
        case "more":
            if table is audit_heads:
                rows.append(rows[place] | {"session_id": "session-9"})
            elif table is audit_seals:
                rows.append(rows[place] | {"number": len(rows) + 1})
            else:
                of = [row["sequence"] for row in rows if row["session_id"] == rows[place]["session_id"]]
                rows.append(rows[place] | {"sequence": max(of) + 1, "entry_id": "forged"})
        case "exchange":
            other_place = data.draw(st.integers(0, len(rows) - 1))
            if rows[place] == rows[other_place]:
                return
            first, second = rows[place], rows[other_place]
            fixed = {c.name for c in table.primary_key} | {"sealed", "entry_id"}
            mine = [name for name in first if name not in fixed]
            if all(first[n] == second[n] for n in mine):
                return
            for name in mine:
                first[name], second[name] = second[name], first[name]
    try:
        put(sealed, table, rows)
        assert not verify(sealed, keys=keys).intact
    finally:
        put(sealed, table, known[table])


def put(engine: Engine, table: Table, rows: list[dict[str, Any]]) -> None:
    with engine.begin() as connection:
        connection.execute(delete(table))
        if rows:
            connection.execute(insert(table), rows)


def _edited(text: str) -> st.SearchStrategy[str]:
    return st.tuples(st.integers(0, len(text) - 1), st.characters(codec="ascii", exclude_characters="\x00\x1a")).map(
        lambda at: text[: at[0]] + at[1] + text[at[0] + 1 :]
    )


@pytest.fixture
def exported(sealed: Engine, keys: AuditKeys, tmp_path: Path) -> Path:
    RecordWriter(sealed).write([audit("late", "session-3")])
    done = export(sealed, keys, tmp_path / "trail", MORNING)
    assert (done.entries, done.seals) == (14, 3)
    return done.folder


def test_the_script_in_the_export_verifies_it_alone(exported: Path, keys: AuditKeys) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        # -I: nothing of this tree can be imported.
        command = [sys.executable, "-I", str(exported / SCRIPT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd="/", check=False)

    said = run("--key", keys.key_id)
    assert said.returncode == 0 and "14 entries of 3 sessions, 3 signed checkpoints" in said.stdout, said.stderr
    assert run("--key", "0123456789abcdef").returncode == 1
    lines = (exported / ENTRIES).read_bytes()
    (exported / ENTRIES).write_bytes(lines.replace(b"role:voice", b"role:other", 1))
    assert run().returncode == 1
    assert read_line(lines.split(b"\n")[0].decode()).entry_id == "e1"


def test_what_comes_while_the_file_is_written_is_not_in_it(
    sealed: Engine, keys: AuditKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def seal_then_grow(engine: Engine, keys: AuditKeys, at: datetime) -> int:
        done = seal(engine, keys, at)
        RecordWriter(engine).write([audit("late", "session-3"), audit("first", "session-4")])
        return done

    monkeypatch.setattr("store.export.seal", seal_then_grow)
    data = (export(sealed, keys, tmp_path / "trail", MORNING).folder / ENTRIES).read_bytes()
    assert verify_export.verify(data, keys.public) == (13, 3, 2)


def test_a_session_alone_is_exported(sealed: Engine, keys: AuditKeys, tmp_path: Path) -> None:
    export(sealed, keys, tmp_path / "one", MORNING, "session-2")
    data = (tmp_path / "one" / ENTRIES).read_bytes()
    assert verify_export.verify(data, keys.public) == (5, 1, 2)
    with pytest.raises(FileExistsError):
        export(sealed, keys, tmp_path / "one", MORNING)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_change_of_an_exported_file_is_found(exported: Path, data: st.DataObject) -> None:
    """Bytes changed, cut out or put in anywhere; lines gone, doubled, exchanged, shuffled; any part of the end gone."""
    known = (exported / ENTRIES).read_bytes()
    keys = json.loads((exported / KEYS).read_text())
    lines = known.splitlines(keepends=True)
    place = data.draw(st.integers(0, len(known) - 1))
    line = data.draw(st.integers(0, len(lines) - 1))
    match data.draw(st.sampled_from(["byte", "cut", "put", "end", "gone", "twice", "exchange", "shuffle"])):
        case "byte":
            changed = known[:place] + bytes([data.draw(st.integers(0, 255))]) + known[place + 1 :]
        case "cut":
            changed = known[:place] + known[place + data.draw(st.integers(1, 400)) :]
        case "put":
            changed = known[:place] + data.draw(st.binary(min_size=1, max_size=40)) + known[place:]
        case "end":
            changed = known[:place]
        case "gone":
            changed = b"".join(lines[:line] + lines[line + 1 :])
        case "twice":
            changed = b"".join([*lines[: line + 1], *lines[line:]])
        case "exchange":
            other = data.draw(st.integers(0, len(lines) - 1))
            lines[line], lines[other] = lines[other], lines[line]
            changed = b"".join(lines)
        case _:
            random.Random(place).shuffle(lines)
            changed = b"".join(lines)
    if changed != known:
        with pytest.raises(verify_export.Broken):
            verify_export.verify(changed, keys)
    else:
        verify_export.verify(changed, keys)
