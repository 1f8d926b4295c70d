"""Keys of subjects: what they seal, that processes share them, and that a destroyed one opens nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from record_samples import said, task
from sqlalchemy import Engine, text

from store.engine import reading
from store.errors import StoreError
from store.masterkey import (
    MasterKeyError,
    MasterKeys,
    create_key_file,
    retire_master_keys,
    rotate_key_file,
)
from store.reader import RecordReader
from store.sealed import ERASED, Envelope, Tampered
from store.vault import CACHE_SECONDS, NotCached, Vault, with_vault
from store.writer import RecordWriter

CANARY = "my canary is called Tweety"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "master.key"
    assert create_key_file(path)
    return path


@pytest.fixture
def master(key_file: Path) -> MasterKeys:
    return MasterKeys.read(key_file)


def raw(engine: Engine, query: str) -> str:
    with reading(engine) as connection:
        return " ".join(str(row) for row in connection.execute(text(query)))


def test_a_key_file_is_for_its_owner_alone_and_is_never_overwritten(key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600
    before = key_file.read_bytes()
    assert not create_key_file(key_file) and key_file.read_bytes() == before
    assert [path.name for path in key_file.parent.iterdir()] == ["master.key"]
    key_file.chmod(0o640)
    with pytest.raises(MasterKeyError, match="chmod 600"):
        MasterKeys.read(key_file)
    with pytest.raises(MasterKeyError, match="greenroom keys init"):
        MasterKeys.read(key_file.with_name("none"))


def test_a_key_that_cannot_be_read_is_not_repeated_in_the_error() -> None:
    for broken in ("m1:geheim!", "m1:geheimä", "m1:Z2VoZWlt", ""):
        with pytest.raises(MasterKeyError) as error:
            MasterKeys.parse(broken)
        assert "geheim" not in str(error.value).lower() and "Z2VoZWlt" not in str(error.value)


def test_content_is_sealed_in_the_rows_and_whole_when_read(engine: Engine, master: MasterKeys) -> None:
    sealing = with_vault(engine, master)
    record = task(goal=said(CANARY), speech=None)
    RecordWriter(sealing).write([record])
    stored = raw(engine, "SELECT goal_body, speech_body FROM tasks")
    assert "Tweety" not in stored and "sealed.1." in stored
    assert RecordReader(sealing).task("task-1") == record
    plain = RecordReader(engine).task("task-1")
    assert plain is not None and plain.goal.body.startswith("sealed.1."), "without the vault nothing can be read"


def test_what_was_written_before_sealing_began_can_be_read(engine: Engine, master: MasterKeys) -> None:
    RecordWriter(engine).write([task(goal=said(CANARY))])
    assert RecordReader(with_vault(engine, master)).task("task-1") == task(goal=said(CANARY))


def test_processes_that_begin_at_once_agree_on_one_key(open_another: Callable[[], Engine], master: MasterKeys) -> None:
    vaults = [Vault(open_another(), master) for _ in range(4)]
    sealed: list[str] = []
    threads = [threading.Thread(target=lambda v=vault: sealed.append(v.seal("s", CANARY))) for vault in vaults]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.split(".")[2] for one in sealed}) == 1 and len(set(sealed)) == 4
    assert {vault.open("s", one) for vault in vaults for one in sealed} == {CANARY}


def test_a_text_of_another_person_or_a_changed_one_is_refused(engine: Engine, master: MasterKeys) -> None:
    vault = Vault(engine, master)
    sealed = vault.seal("ann", CANARY)
    with pytest.raises(StoreError, match="another person"):
        vault.open("ben", sealed)
    flipped = sealed[:-10] + ("A" if sealed[-10] != "A" else "B") + sealed[-9:]
    for changed in (flipped, sealed[:-2], sealed[: sealed.rindex(".") + 5]):
        with pytest.raises(Tampered):
            vault.open("ann", changed)


def test_without_waiting_a_key_comes_from_this_process_alone(engine: Engine, master: MasterKeys) -> None:
    vault = Vault(engine, master)
    with pytest.raises(NotCached) as missing:
        vault.seal("s", CANARY, wait=False)
    missing.value.fetch()
    assert vault.open("s", vault.seal("s", CANARY, wait=False), wait=False) == CANARY


def test_a_destroyed_key_leaves_nothing_to_open_and_a_new_one_begins_afresh(engine: Engine, master: MasterKeys) -> None:
    now = 0.0
    vault, elsewhere = Vault(engine, master), Vault(engine, master, clock=lambda: now)
    sealed = vault.seal("s", CANARY)
    wrapped = raw(engine, "SELECT wrapped FROM data_keys")
    assert elsewhere.open("s", sealed) == CANARY
    [destroyed] = vault.destroy("s", datetime.now(UTC))
    assert vault.open("s", sealed) == ERASED and Vault(engine, master).open("s", sealed) == ERASED
    assert elsewhere.open("s", sealed) == CANARY, "another process has it in memory"
    now = CACHE_SECONDS
    assert elsewhere.open("s", sealed) == ERASED, "and not for longer than that"
    assert raw(engine, "SELECT wrapped FROM data_keys") == "(None,)" != wrapped
    again = vault.seal("s", "hello")
    assert destroyed not in again and vault.open("s", again) == "hello" and vault.open("s", sealed) == ERASED


def test_the_master_key_is_changed_without_touching_what_was_sealed(
    engine: Engine, master: MasterKeys, key_file: Path
) -> None:
    sealed = Vault(engine, master).seal("s", CANARY)
    enveloped = Envelope(master).seal(CANARY)
    old = key_file.read_text()
    rotate_key_file(key_file)
    both = MasterKeys.read(key_file)
    assert both.current != master.current and key_file.stat().st_mode & 0o777 == 0o600
    assert Vault(engine, both).rewrap() == 1 and Vault(engine, both).rewrap() == 0
    assert Envelope(both).open(enveloped) == CANARY
    assert retire_master_keys(key_file) == [master.current]
    new = MasterKeys.read(key_file)
    assert Vault(engine, new).open("s", sealed) == CANARY
    with pytest.raises(MasterKeyError, match=master.current):
        Envelope(new).open(enveloped)
    with pytest.raises(MasterKeyError, match=new.current):
        Vault(engine, MasterKeys.parse(old)).open("s", sealed)


def test_keys_that_a_person_wrote_in_one_line_are_rotated_and_retired_too(key_file: Path) -> None:
    old = key_file.read_text().strip()
    key_file.write_text(f"{old},m2:{old.partition(':')[2]}")
    new = rotate_key_file(key_file)
    assert MasterKeys.read(key_file).current == new
    assert retire_master_keys(key_file) == [old.partition(":")[0], "m2"]
    assert key_file.read_text().startswith(f"{new}:") and len(key_file.read_text().splitlines()) == 1


def test_a_key_that_is_over_leaves_memory_with_the_next_one(engine: Engine, master: MasterKeys) -> None:
    now = 0.0
    vault = Vault(engine, master, clock=lambda: now)
    for subject in ("s1", "s2", "s1"):
        vault.seal(subject, CANARY)
    assert list(vault._sealing) == ["s1", "s2"] and len(vault._opening) == 2
    now = CACHE_SECONDS
    sealed = vault.seal("s2", CANARY)
    assert list(vault._sealing) == ["s2"] and list(vault._opening) == [sealed.split(".")[2]]


def test_a_key_of_another_database_is_told(engine: Engine, master: MasterKeys, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="not in this database"):
        Vault(engine, master).open("s", "sealed.1.0123456789abcdef.AAAA")


def test_keys_show_in_no_repr_and_no_log(engine: Engine, key_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    master = MasterKeys.read(key_file)
    secret = key_file.read_text().partition(":")[2].strip()
    vault = Vault(engine, master)
    vault.seal("s", CANARY)
    key = vault._sealing["s"].key
    shown = f"{master!r} {vault!r} {key!r} {master.wrap(b'k' * 32, 'p')!r}" + caplog.text
    assert secret not in shown and "b'" not in shown and CANARY not in shown


def test_an_envelope_opens_in_any_process_with_the_master_key_and_leaves_plain_text(master: MasterKeys) -> None:
    sealed = Envelope(master).seal(CANARY)
    assert CANARY not in sealed and Envelope(master).open(sealed) == CANARY
    assert Envelope(master).open("{}") == "{}"
    kms = MasterKeys({"arn:aws:kms:eu-west-1:1234:key/1f0c.9": b"k" * 32})
    assert Envelope(kms).open(Envelope(kms).seal(CANARY)) == CANARY
    with pytest.raises(Tampered):
        Envelope(master).open(sealed[:-2])
    with pytest.raises(MasterKeyError):
        Envelope(MasterKeys({"other": b"k" * 32})).open(sealed)
