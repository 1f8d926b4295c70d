"""Every `greenroom` command that docs/approve.md prints is one that there is, with the options it is printed with."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from migrations import upgrade
from tools.compositions import load_composition
from workers.cli import app
from workers.settings import ROOT

TEXT = (ROOT / "docs" / "approve.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, flags=re.DOTALL)
COMMANDS = [
    shlex.split(line, comments=True)
    for kind, block in BLOCKS
    if kind == "sh"
    for line in block.splitlines()
    if line.startswith("greenroom ")
]


def test_the_commands_are_found() -> None:
    assert {"edit", "approve", "ask", "grant", "take-over", "ls", "revoke"} <= {command[2] for command in COMMANDS}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[1:3]))
def test_a_printed_command_is_understood(command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over empty records: what it is about is not there, which is told; wrong usage would end with 2."""
    url = f"sqlite:///{tmp_path / 'records.db'}"
    upgrade(url)
    monkeypatch.setenv("GREENROOM_DATABASE_URL", url)
    monkeypatch.setenv("GREENROOM_ENV_FILE", "")
    ran = CliRunner().invoke(app, command[1:], prog_name="greenroom")
    assert ran.exit_code != 2, ran.output
    told = str(ran.exception) if ran.exit_code else ran.output
    assert ("no approval 'ID'" in told or "no grant 'ID.grant'" in told) if ran.exit_code else "none" in told


def test_the_printed_rule_loads(tmp_path: Path) -> None:
    """Put into the support composition in place of its own."""
    [printed] = [block for kind, block in BLOCKS if kind == "yaml"]
    support = (ROOT / "compositions" / "support.yml").read_text(encoding="utf-8")
    own = re.search(r"  - id: refunds-need-a-person\n(?:    .*\n)+", support)
    assert own is not None
    changed = support.replace(own.group(), printed.partition("\n")[2])
    if "\ngroups:" not in changed:
        changed = changed.replace("\napprovals:\n", "\ngroups: [support-leads, managers]\napprovals:\n")
    else:
        changed = re.sub(r"\ngroups:.*", "\ngroups: [support-leads, managers]", changed)
    path = tmp_path / "support.yml"
    path.write_text(changed, encoding="utf-8")
    [rule] = [rule for rule in load_composition(path).approvals if rule.id == "refunds-need-a-person"]
    assert rule.deadline_seconds == 300 and len(rule.ladder) == 3


POLICY = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")


def test_the_printed_rule_is_sound(tmp_path: Path) -> None:
    """It stands where the how-to says, and its own cases and those of the composition come out."""
    printed = re.findall(r"```yaml\napprovals:\n(.*?)```", POLICY, flags=re.DOTALL)[0]
    text = (ROOT / "compositions" / "support.yml").read_text(encoding="utf-8")
    path = tmp_path / "support.yml"
    path.write_text(text.replace("  - id: refunds-need-a-person", f"{printed}  - id: refunds-need-a-person"))
    assert load_composition(path).approvals[0].id == "small-refunds"
