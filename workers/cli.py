"""The `greenroom` command line. A command's module is imported only when that command runs."""

import importlib
import sys
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from workers.errors import GreenroomError, told_plainly


class Entry(NamedTuple):
    """`module` has the command's typer `app`; `panel` is the heading in `greenroom --help`."""

    module: str
    help: str
    panel: str


_STACK = "The development stack"
_CALLS = "Calls and their records"
_PROCESSES = "Single processes (the stack starts them)"

COMMANDS: dict[str, Entry] = {
    "demo": Entry("workers.commands.demo", "Place a real call that tells its story, and check what was heard.", _STACK),
    "call": Entry("workers.commands.call", "Place a call: say things, hear the answers.", _CALLS),
    "sessions": Entry("workers.commands.sessions", "List calls, or show one whole.", _CALLS),
    "tasks": Entry("workers.commands.tasks", "List, show and steer work delegated in calls.", _CALLS),
    "approvals": Entry("workers.commands.approvals", "List, show and decide what waits for a person.", _CALLS),
    "escalations": Entry("workers.commands.escalations", "List, show and decide calls that wait for a person.", _CALLS),
    "checkpoints": Entry("workers.commands.checkpoints", "List, show and decide plans that wait for a person.", _CALLS),
    "grants": Entry("workers.commands.grants", "List what reviewers let go unasked, and take it back.", _CALLS),
    "deliveries": Entry("workers.commands.deliveries", "List what is owed to callers, and what was heard.", _CALLS),
    "policy": Entry("workers.commands.policy", "Try the rules of what waits for a person.", _CALLS),
    "why": Entry("workers.commands.why", "Tell why something happened: known, decided, approved, done, heard.", _CALLS),
    "replay": Entry("workers.commands.replay", "Make the recorded decisions of a task again.", _CALLS),
    "audit": Entry("workers.commands.audit", "Verify the audit trail, or take it elsewhere.", _CALLS),
    "tools": Entry("workers.commands.tools", "List tools, and review how their servers describe them.", _CALLS),
    "reviewers": Entry("workers.commands.reviewers", "List, add and deactivate people who may decide.", _CALLS),
    "people": Entry("workers.commands.people", "List, add and change who signs in to the console.", _CALLS),
    "keys": Entry("workers.commands.keys", "Make the master key, and change it.", _STACK),
    "front-door": Entry("workers.commands.front_door", "Sessions, room tokens, webhooks and records.", _PROCESSES),
    "voice": Entry("workers.commands.voice", "Agents that take calls.", _PROCESSES),
    "deathwatch": Entry("workers.commands.deathwatch", "Learns at once that an agent's process died.", _PROCESSES),
    "durable": Entry("workers.commands.durable", "Workflows and activities.", _PROCESSES),
    "dev": Entry("workers.commands.dev", "Start the whole stack with one merged log, until Ctrl-C.", _STACK),
    "doctor": Entry("workers.commands.doctor", "Find what is missing or misconfigured, and name the fix.", _STACK),
    "settings": Entry("workers.commands.settings", "Show every setting, its value and its meaning.", _STACK),
    "setup": Entry("workers.commands.setup", "Install what the stack needs; does nothing when all is there.", _STACK),
}


class _Lazy(TyperCommand):
    """Stands for a command in the help; becomes the real one when it is about to run."""

    def __init__(self, name: str, entry: Entry) -> None:
        super().__init__(name=name, callback=None, help=entry.help, rich_help_panel=entry.panel)
        self._module = entry.module

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        real = get_command(importlib.import_module(self._module).app)
        real.name = self.name
        return real.make_context(info_name, args, parent=parent, **extra)


class _Commands(TyperGroup):
    def __init__(self, **attrs: Any) -> None:
        super().__init__(**attrs)
        self.commands = {name: _Lazy(name, entry) for name, entry in COMMANDS.items()}


app = typer.Typer(cls=_Commands, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def greenroom() -> None:
    """Voice agents that stay quick on the call while the long work runs durably backstage."""


def main() -> None:
    """Exit codes: 0 well, 1 something is wrong and was said, 2 wrong usage or a setting that cannot be used."""
    try:
        app(prog_name="greenroom")
    except told_plainly() as error:
        print(f"greenroom: {error}", file=sys.stderr)
        sys.exit(error.exit_code if isinstance(error, GreenroomError) else 1)
