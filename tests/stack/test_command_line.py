"""`greenroom`: quick help, every command can be loaded, errors without tracebacks."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workers.cli import COMMANDS

ROOT = Path(__file__).parents[2]


def greenroom(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "workers", *arguments]
    world = {**os.environ, "GREENROOM_ENV_FILE": "", **env}
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, env=world)


def test_help_names_every_command_and_loads_none() -> None:
    code = (
        "import sys; from workers.cli import app; sys.argv = ['greenroom', '--help']\n"
        "try: app()\n"
        "finally: print([m for m in sys.modules if m.startswith(('workers.commands.', 'temporalio', 'pydantic'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "[]"
    assert all(f" {name} " in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_registered_command_can_be_loaded(name: str) -> None:
    assert importlib.import_module(COMMANDS[name].module).app


def test_a_bad_setting_is_one_line_and_exit_code_2() -> None:
    done = greenroom("settings", GREENROOM_LOG_LEVEL="loud")
    assert done.returncode == 2
    assert done.stderr.startswith("greenroom: GREENROOM_LOG_LEVEL='loud' is not allowed; allowed: one of 'debug'")
    assert len(done.stderr.splitlines()) == 1


def test_a_bad_description_is_told_and_exit_code_1(tmp_path: Path) -> None:
    (tmp_path / "s.yml").write_text("processes: {a: {command: x, restart: sometimes}}")
    done = greenroom("dev", "--spec", str(tmp_path / "s.yml"), "--data", str(tmp_path / "d"))
    assert done.returncode == 1
    assert done.stderr.startswith("greenroom: s.yml: processes.a.restart='sometimes' is not allowed")
    assert "Traceback" not in done.stderr
