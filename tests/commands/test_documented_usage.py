"""Every `greenroom` command that README.md and docs/ print is one that there is, with these options. Nothing is run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from workers.cli import app
from workers.settings import ROOT

BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
LINE = re.compile(r"^(?:\.venv/bin/)?greenroom (.+?)(?: > \S+)?$", re.MULTILINE)
MENTION = re.compile(r"`greenroom ([^`]+)`")


class Printed(NamedTuple):
    """`whole`: with all that it needs, in a block of the shell; else named in the text."""

    document: str
    arguments: list[str]
    whole: bool


def printed(path: Path) -> list[Printed]:
    text = path.read_text(encoding="utf-8")
    lines = [line for block in BLOCK.findall(text) for line in LINE.findall(block)]
    return [Printed(path.name, shlex.split(line, comments=True), True) for line in lines] + [
        Printed(path.name, shlex.split(mention), False) for mention in MENTION.findall(BLOCK.sub("", text))
    ]


COMMANDS = [found for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))) for found in printed(path)]


def test_the_commands_are_found() -> None:
    whole = {(found.document, *found.arguments[:2]) for found in COMMANDS if found.whole}
    assert {("README.md", "call", "--composition"), ("reviewer.md", "people", "add")} < whole
    assert {("audit.md", "audit", "export"), ("checkpoints.md", "checkpoints", "plan")} < whole
    assert any(found.arguments == ["keys", "rotate", "--retire"] for found in COMMANDS if not found.whole)


@pytest.mark.parametrize("found", COMMANDS, ids=lambda found: f"{found.document}: {' '.join(found.arguments)}")
def test_a_printed_command_is_understood(found: Printed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong usage raises here as it would end with 2 at a prompt."""
    (tmp_path / "plan.yml").touch()
    monkeypatch.chdir(tmp_path)
    command, name, rest, context = get_command(app), "greenroom", found.arguments, None
    while True:
        context = command.make_context(name, list(rest), parent=context, resilient_parsing=not found.whole)
        if not isinstance(context.command, TyperGroup) or not (context._protected_args or found.whole):
            return
        following = context.command.resolve_command(context, [*context._protected_args, *context.args])
        assert following[0] and following[1], "no such command"
        name, command, rest = following[0], following[1], following[2]
