"""Up and down on both databases; the tables in code and those of the migrations are the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from record_samples import approval, decision, delivery, said, session
from sqlalchemy import inspect, text

import migrations
import store.audit_tables
import store.people_tables
import store.vault_tables  # noqa: F401  its tables are part of the metadata
from contracts.delivery import WebhookState
from migrations.__main__ import main
from migrations.run import config_for
from store.engine import open_engine, reading, writing
from store.errors import StoreError, StoreUnreachable
from store.reader import RecordReader
from store.tables import SCHEMA_REVISION, metadata
from store.writer import RecordWriter


def tables(url: str) -> set[str]:
    engine = open_engine(url, verify=False)
    try:
        return set(inspect(engine).get_table_names()) - {"alembic_version"}
    finally:
        engine.dispose()


def test_the_program_needs_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(config_for()).get_current_head() == SCHEMA_REVISION


def test_migrations_and_tables_agree(database_url: str) -> None:
    engine = open_engine(database_url)
    with reading(engine) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True, "target_metadata": metadata}
        )
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_up_down_and_up_again(empty_url: str) -> None:
    assert migrations.current(empty_url) is None
    migrations.upgrade(empty_url)
    assert migrations.current(empty_url) == SCHEMA_REVISION
    assert tables(empty_url) == set(metadata.tables)
    engine = open_engine(empty_url)
    RecordWriter(engine).write([session()])
    migrations.upgrade(empty_url)
    assert RecordReader(engine).session("session-1") == session(), "an upgrade with nothing to do changes nothing"
    engine.dispose()

    migrations.downgrade(empty_url, "base")
    assert migrations.current(empty_url) is None
    assert tables(empty_url) == set()
    migrations.upgrade(empty_url)
    assert tables(empty_url) == set(metadata.tables)


def test_an_approval_and_its_decisions_survive_the_way_down_and_up(empty_url: str) -> None:
    migrations.upgrade(empty_url)
    engine = open_engine(empty_url)
    RecordWriter(engine).write([approval(note=said("fine")), decision(reason="counted")])
    engine.dispose()
    migrations.downgrade(empty_url, "0001")
    old = open_engine(empty_url, verify=False)
    with reading(old) as connection:
        assert connection.execute(text("SELECT action_body, note_body FROM approvals")).one()[1] == "fine"
        assert connection.execute(text("SELECT reason FROM decisions")).scalar_one() == "counted"
    old.dispose()
    migrations.upgrade(empty_url)
    engine = open_engine(empty_url)
    assert RecordReader(engine).approval("approval-1") == approval(note=said("fine"))
    assert RecordReader(engine).decisions("approval-1") == [decision(reason="counted")]
    with pytest.raises(StoreError), writing(engine) as connection:
        connection.execute(text("UPDATE approvals SET context_pack_subject_id = 'nobody'"))
    engine.dispose()


def test_deliveries_survive_one_step_down_and_up(empty_url: str) -> None:
    migrations.upgrade(empty_url)
    engine = open_engine(empty_url)
    owed = delivery(webhook=WebhookState.SENT)
    RecordWriter(engine).write([owed])
    engine.dispose()
    migrations.downgrade(empty_url, "0004")
    migrations.upgrade(empty_url)
    engine = open_engine(empty_url)
    left = {"expires_at": None, "reason": None, "webhook": None}
    assert RecordReader(engine).deliveries() == [owed.model_copy(update=left)]
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(op, "create_index", lambda *_, **__: op.execute("SELECT * FROM nowhere"))
        with pytest.raises(StoreError):
            migrations.upgrade(empty_url)
    assert tables(empty_url) == set()
    migrations.upgrade(empty_url)
    assert tables(empty_url) == set(metadata.tables)


def test_two_programs_may_migrate_at_once(empty_url: str) -> None:
    command = [sys.executable, "-m", "migrations", "upgrade", "--database-url", empty_url]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(3)]
    outputs = [run.communicate(timeout=60)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], outputs
    assert migrations.current(empty_url) == SCHEMA_REVISION


def test_the_command_tells_the_revision_and_answers_by_exit_code(
    empty_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--database-url", empty_url]
    assert main(["current", *given]) == 1
    assert "revision none" in capsys.readouterr().out
    assert main(["upgrade", *given]) == 0
    assert main(["current", *given]) == 0
    assert f"revision {SCHEMA_REVISION}" in capsys.readouterr().out
    assert main(["downgrade", "-1", *given]) == 0
    assert main(["current", *given]) == 1
    capsys.readouterr()
    assert main(["upgrade", "nowhere", *given]) == 1
    assert "Name a revision" in capsys.readouterr().err


def test_a_database_of_a_newer_program_is_left_alone(empty_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    migrations.upgrade(empty_url)
    engine = open_engine(empty_url)
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match=r"9999.*newer program"):
        migrations.upgrade(empty_url)
    assert main(["current", "--database-url", empty_url]) == 1
    assert "revision 9999" in capsys.readouterr().out


def test_the_url_comes_from_the_environment_and_its_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "new" / "folder" / "x.db"
    monkeypatch.setenv("GREENROOM_DATABASE_URL", f"sqlite:///{file}")
    assert main(["upgrade"]) == 0
    assert file.exists()
    monkeypatch.delenv("GREENROOM_DATABASE_URL")
    monkeypatch.chdir(tmp_path)
    migrations.upgrade()
    assert (tmp_path / ".dev" / "greenroom.db").exists()


def test_what_cannot_be_reached_or_made_names_the_fix(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = "postgresql://me:geheim@127.0.0.1:1/db"
    with pytest.raises(StoreUnreachable, match="start the database"):
        migrations.upgrade(url)
    assert main(["upgrade", "--database-url", url]) == 1
    shown = capsys.readouterr()
    assert "GREENROOM_DATABASE_URL" in shown.err and "geheim" not in shown.err + shown.out
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="name another"):
        migrations.upgrade(f"sqlite:///{tmp_path / 'file' / 'x.db'}")
