"""What `greenroom dev` shows: progress while the stack starts, the addresses, then one merged log."""

import time
from collections.abc import Mapping

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from workers.stack.events import StackEvent, State

_COLOURS = (
    "cyan",
    "magenta",
    "green",
    "yellow",
    "blue",
    "bright_cyan",
    "bright_magenta",
    "bright_green",
    "bright_blue",
)
_LOUD = {State.FAILED: "bold white on red", State.RESTARTING: "bold yellow"}


class StackConsole:
    """Give `on_event` and `on_log` to the stack. Without a terminal it prints plain lines, one a change."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._states: dict[str, StackEvent] = {}
        self._began: dict[str, float] = {}
        self._took: dict[str, float] = {}
        self._width = 12
        self._live: Live | None = None

    def __enter__(self) -> "StackConsole":
        if self._console.is_terminal:
            self._live = Live(
                get_renderable=self._progress, console=self._console, transient=True, refresh_per_second=8
            )
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end_progress()

    def end_progress(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def on_log(self, name: str, line: str) -> None:
        prefix = Text(f"{name:<{self._width}} ", style=self._colour(name))
        self._console.print(prefix + Text.from_ansi(line), soft_wrap=True)

    def on_event(self, event: StackEvent) -> None:
        self._width = max(self._width, len(event.process))
        self._states[event.process] = event
        if event.state is State.STARTING:
            self._began[event.process] = time.monotonic()
        elif event.state in (State.READY, State.ENDED):
            self._took[event.process] = time.monotonic() - self._began[event.process]
        if event.state is State.WAITING or (self._live is not None and event.state not in _LOUD):
            return
        self._console.print(self._sentence(event), soft_wrap=True)

    def show_addresses(self, addresses: Mapping[str, str], pids: Mapping[str, int]) -> None:
        table = Table(title="The stack is ready (Ctrl-C ends it)", title_justify="left", title_style="bold green")
        for heading in ("name", "address", "pid"):
            table.add_column(heading)
        for name in dict.fromkeys([*addresses, *pids]):
            table.add_row(name, addresses.get(name, ""), str(pids.get(name, "")))
        self._console.print(table)

    def _sentence(self, event: StackEvent) -> Text:
        text = Text(f"{event.process:<{self._width}} ", style=self._colour(event.process))
        words = event.state.value
        if event.state is State.READY:
            words += f" after {self._took[event.process]:.1f} s, pid {event.pid}"
        return text + Text(f"{words}: {event.detail}" if event.detail else words, style=_LOUD.get(event.state, "dim"))

    def _progress(self) -> Group:
        rows = Table.grid(padding=(0, 1))
        for name, event in list(self._states.items()):  # drawn by another thread
            done = event.state in (State.READY, State.ENDED)
            mark = Text("✓", "green") if done else Text("·", "dim")
            seconds = self._took.get(name) if done else self._running(name)
            rows.add_row(mark, Text(name, self._colour(name)), event.state.value, f"{seconds:.1f} s" if seconds else "")
        return Group(rows)

    def _running(self, name: str) -> float | None:
        return time.monotonic() - self._began[name] if name in self._began else None

    def _colour(self, name: str) -> str:
        if name not in self._states:
            self._states[name] = StackEvent(name, State.WAITING)
        return _COLOURS[list(self._states).index(name) % len(_COLOURS)]
