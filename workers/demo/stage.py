"""Tells the story as it happens, a line an event, with the time since its beginning."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from rich.console import Console
from rich.text import Text

_STYLES = {"caller": "cyan", "agent": "green", "backstage": "magenta", "reviewer": "yellow", "kill": "bold red"}


class Stage:
    def __init__(self, console: Console) -> None:
        self.console = console
        self._began = time.monotonic()
        self._wall = datetime.now(UTC)

    def line(self, who: str, what: str, note: str = "", at: datetime | None = None) -> None:
        """`note` is printed after it, dim: a latency, an id. `at` when it happened, if not now."""
        seconds = (at - self._wall).total_seconds() if at else time.monotonic() - self._began
        style = _STYLES.get(who, "")
        text = Text.assemble((f"{seconds:7.1f}  ", "dim"), (f"{who:<10}", style), (what, style))
        self.console.print(text + Text(f"  ({note})" if note else "", "dim"), soft_wrap=True)

    def title(self, text: str) -> None:
        self.console.print()
        self.console.print(Text(text, "bold"))
