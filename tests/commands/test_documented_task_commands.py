"""Every `greenroom` command that docs/tasks.md prints is one that there is, with the options it is printed with."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from migrations import upgrade
from workers.cli import app
from workers.settings import ROOT

TEXT = (ROOT / "docs" / "tasks.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(line, comments=True) for line in re.findall(r"^greenroom .*$", TEXT, flags=re.MULTILINE)]


def test_every_order_is_printed() -> None:
    assert {command[2] for command in COMMANDS} == {"ls", "show", "suspend", "resume", "correct", "extend", "cancel"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[2])
def test_a_printed_command_is_understood(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over empty records: the task is not there, which is told; wrong usage would end with 2."""
    url = f"sqlite:///{tmp_path / 'records.db'}"
    upgrade(url)
    monkeypatch.setenv("GREENROOM_DATABASE_URL", url)
    monkeypatch.setenv("GREENROOM_ENV_FILE", "")
    ran = CliRunner().invoke(app, command[1:], prog_name="greenroom")
    if command[2] == "ls":
        assert ran.exit_code == 0 and "none" in ran.output
    else:
        assert ran.exit_code == 1 and "no task 'ID'" in str(ran.exception), ran.output
